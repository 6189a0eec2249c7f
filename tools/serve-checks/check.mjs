// Copyright 2026 The DS-VLM for the JVM Authors
// SPDX-License-Identifier: Apache-2.0

/** Runs named checks one after the other, prints each with its outcome, and sets the exit code. */
export class Checks {
  #failed = 0;
  #held = 0;

  /** `check` throws where it does not hold; what it returns is printed beside its name. */
  async that(name, check) {
    try {
      const found = await check();
      this.#held++;
      console.log(`ok      ${name}${found === undefined ? '' : `: ${found}`}`);
    } catch (failure) {
      this.#failed++;
      console.log(`FAILED  ${name}: ${failure.stack ?? failure}`);
    }
  }

  end() {
    console.log(`${this.#held} held, ${this.#failed} failed`);
    process.exitCode = this.#failed === 0 ? 0 : 1;
  }
}
