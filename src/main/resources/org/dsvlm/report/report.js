// Copyright 2026 The DS-VLM for the JVM Authors
// SPDX-License-Identifier: Apache-2.0
// Shows the values of a chart at the pointer, or where the arrow keys put the cursor.
for (const chart of document.querySelectorAll(".chart")) {
  const svg = chart.querySelector("svg");
  const [steps, ...curves] = JSON.parse(chart.querySelector("script").textContent);
  const names = chart.querySelectorAll(".legend li i");
  const { x0, x1, p0, p1 } = Object.fromEntries(Object.entries(svg.dataset).map(([k, v]) => [k, Number(v)]));
  const cursor = svg.querySelector(".cursor");
  const width = svg.viewBox.baseVal.width;
  let tip = null;
  let point = -1;

  const hide = () => {
    tip?.remove();
    tip = null;
    cursor.style.visibility = "hidden";
  };

  const show = (index) => {
    point = Math.max(0, Math.min(steps.length - 1, index));
    const at = p0 + ((steps[point] - x0) / (x1 - x0)) * (p1 - p0);
    cursor.setAttribute("x1", at);
    cursor.setAttribute("x2", at);
    cursor.style.visibility = "visible";
    if (!tip) {
      tip = document.createElement("div");
      tip.className = "tip";
      tip.setAttribute("role", "status");
      chart.append(tip);
    }
    tip.replaceChildren(document.createElement("b"));
    tip.firstChild.textContent = "step " + steps[point];
    curves.forEach(([name, values], i) => {
      const row = document.createElement("div");
      row.className = names[i].className;
      row.style.color = "var(--c)";
      row.textContent = name + " " + (values[point] ?? "–");
      tip.append(row);
    });
    const left = (at / width) * svg.clientWidth;
    tip.style.top = svg.offsetTop + 8 + "px";
    tip.style.left = (left + tip.offsetWidth + 12 > svg.clientWidth ? Math.max(0, left - tip.offsetWidth - 12) : left + 12) + "px";
  };

  svg.addEventListener("pointermove", (event) => {
    const box = svg.getBoundingClientRect();
    const step = x0 + ((((event.clientX - box.left) / box.width) * width - p0) / (p1 - p0)) * (x1 - x0);
    let nearest = 0;
    steps.forEach((value, i) => {
      if (Math.abs(value - step) < Math.abs(steps[nearest] - step)) nearest = i;
    });
    show(nearest);
  });
  svg.addEventListener("pointerleave", hide);
  svg.addEventListener("blur", hide);
  svg.addEventListener("keydown", (event) => {
    const moves = { ArrowLeft: point - 1, ArrowRight: point + 1, Home: 0, End: steps.length - 1 };
    if (event.key in moves) {
      event.preventDefault();
      show(moves[event.key]);
    } else if (event.key === "Escape") {
      hide();
    }
  });
}
