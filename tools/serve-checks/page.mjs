// Copyright 2026 The DS-VLM for the JVM Authors
// SPDX-License-Identifier: Apache-2.0

// Drives the page in headless Chromium: node page.mjs URL LOCKED KEY BROWSER PICTURE GROUND MODULES SCREENSHOTS
// LOCKED is a second server, which wants KEY. PICTURE is a PNG on the plain ground GROUND. MODULES holds puppeteer-core
// and axe-core.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { Checks } from './check.mjs';

const [url, locked, key, browserPath, picture, ground, modules, screenshots] = process.argv.slice(2);
const load = createRequire(path.join(modules, 'package.json'));
const puppeteer = load('puppeteer-core');
fs.mkdirSync(screenshots, { recursive: true });
const axe = fs.readFileSync(load.resolve('axe-core/axe.min.js'), 'utf8');

const SIZES = {
  desktop: { width: 1280, height: 860 },
  phone: { width: 360, height: 740, isMobile: true, hasTouch: true },
};
const QUESTION = 'What colour is the background?';
/** For whatever is waited for, in milliseconds: a machine may have other work. */
const PATIENCE = 180_000;

const browser = await puppeteer.launch({
  executablePath: browserPath,
  timeout: PATIENCE,
  protocolTimeout: PATIENCE,
  args: ['--no-sandbox', '--disable-dev-shm-usage', '--hide-scrollbars', '--force-color-profile=srgb'],
});
const checks = new Checks();

/** A fresh page, and what it reported that it should not: errors of scripts, of the policy, of requests. */
async function open(size, scheme = 'light', features = [], server = url) {
  const page = await (await browser.createBrowserContext()).newPage();
  page.setDefaultTimeout(PATIENCE);
  await page.setViewport(SIZES[size]);
  await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }, ...features]);
  const reports = [];
  page.on('pageerror', (error) => reports.push(String(error)));
  page.on('console', (message) => message.type() === 'error' && reports.push(message.text()));
  page.on('request', (request) => {
    if (!request.url().startsWith(server) && !/^(data|blob):/.test(request.url())) {
      reports.push(`a request to ${request.url()}`);
    }
  });
  await page.goto(server, { waitUntil: 'networkidle0' });
  return { page, reports };
}

/** A true drag of files from outside over the middle of the page: `steps` of dragEnter, dragOver, drop. */
async function drag(page, files, ...steps) {
  const { width, height } = page.viewport();
  const devtools = await page.createCDPSession();
  const data = { items: [], files, dragOperationsMask: 1 };
  for (const type of steps) {
    await devtools.send('Input.dispatchDragEvent', { type, x: width / 2, y: height / 2, data });
  }
  await devtools.detach();
}

const drop = (page, files) => drag(page, files, 'dragEnter', 'dragOver', 'drop');

const text = (page, selector) => page.$$eval(selector, (found) => found.map((element) => element.textContent.trim()));

async function answered(page, turns) {
  await page.waitForFunction(
    (count) =>
      document.querySelectorAll('.turn').length === count &&
      document.querySelectorAll('.turn [aria-busy]').length === 0,
    {},
    turns,
  );
  return (await text(page, '.answer')).at(-1);
}

async function ask(page, question) {
  await page.type('#question', question);
  await page.keyboard.press('Enter');
}

async function violations(page) {
  // The page's own policy forbids foreign scripts; the DevTools protocol is not bound by it.
  await page.evaluate(axe);
  const { violations: found, passes } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  assert.deepEqual(
    found.map((rule) => `${rule.id}: ${rule.nodes.map((node) => node.target.join(' ')).join(', ')}`),
    [],
  );
  return `${passes.length} rules of axe`;
}

async function fits(page) {
  const [content, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  assert.ok(content <= window, `${content} px wide in a window of ${window}`);
  return `${content} of ${window} px`;
}

const shot = (page, name) => page.screenshot({ path: path.join(screenshots, `${name}.png`) });

for (const [size, scheme] of [['desktop', 'light'], ['desktop', 'dark'], ['phone', 'light'], ['phone', 'dark']]) {
  const where = `${size}, ${scheme}`;
  const { page, reports } = await open(size, scheme);
  await shot(page, `welcome-${size}-${scheme}`);
  await checks.that(`${where}: the welcome has no fault that axe finds`, () => violations(page));
  await checks.that(`${where}: the welcome does not scroll sideways`, () => fits(page));
  await checks.that(`${where}: the model's name is shown`, async () => {
    const [name] = await text(page, '#model');
    assert.notEqual(name, 'no model');
    return name;
  });
  await checks.that(`${where}: the page shows where a dragged picture can be dropped`, async () => {
    await drag(page, [picture], 'dragEnter', 'dragOver');
    await page.waitForSelector('#drop:not([hidden])');
    await shot(page, `drag-${size}-${scheme}`);
  });
  await checks.that(`${where}: a dropped picture is shown with its name`, async () => {
    await drag(page, [picture], 'drop');
    await page.waitForSelector('#pictures li');
    assert.deepEqual(await text(page, '#pictures .name'), [path.basename(picture)]);
  });
  await page.type('#question', QUESTION);
  await shot(page, `question-${size}-${scheme}`);
  await checks.that(`${where}: a question being written has no fault that axe finds`, () => violations(page));
  await checks.that(`${where}: the dropped picture is answered`, async () => {
    await page.keyboard.press('Enter');
    assert.equal(await answered(page, 1), ground);
    assert.match((await text(page, '.facts'))[0], /^\d+ tokens? · \d+\.\d s$/);
    assert.equal((await text(page, '#spoken'))[0], `Answer: ${ground}`);
    return ground;
  });
  await checks.that(`${where}: a second turn without the picture is answered`, async () => {
    await ask(page, 'What do you see?');
    const answer = await answered(page, 2);
    assert.notEqual(answer, '');
    return answer;
  });
  await shot(page, `conversation-${size}-${scheme}`);
  await checks.that(`${where}: a conversation has no fault that axe finds`, () => violations(page));
  await checks.that(`${where}: a conversation does not scroll sideways`, () => fits(page));
  await page.click('#settings summary');
  await shot(page, `settings-${size}-${scheme}`);
  await checks.that(`${where}: open settings have no fault that axe finds`, () => violations(page));
  await checks.that(`${where}: open settings do not scroll sideways`, () => fits(page));
  await checks.that(`${where}: no error, and no request to anywhere else`, () => assert.deepEqual(reports, []));
  await page.close();
}

{
  const { page } = await open('desktop');
  await checks.that('by keyboard alone: every control is reached, in order, and shows that it is', async () => {
    await page.evaluate(() => {
      document.activeElement.blur();
      getSelection().collapse(document.body, 0); // where the next Tab begins
    });
    const order = [];
    for (;;) {
      await page.keyboard.press('Tab');
      const focused = await page.evaluate(() => {
        const element = document.activeElement;
        const frame = element.id === 'question' ? element.closest('form') : element;
        return { name: element === document.body ? '' : element.id || element.textContent.trim(), outline: getComputedStyle(frame).outlineStyle };
      });
      if (focused.name === '' || order.includes(focused.name) || order.length > 20) {
        break;
      }
      assert.equal(focused.outline, 'solid', `${focused.name} has no visible focus`);
      order.push(focused.name);
    }
    assert.deepEqual(order.filter((name) => !name.endsWith('?')), [
      'Skip to the question',
      'choose',
      'question',
      'attach',
      'send',
      'Settings',
    ]);
    return order.join(', ');
  });
  await checks.that('by keyboard alone: Shift and Enter begins a line, Enter sends', async () => {
    await page.focus('#question');
    await page.keyboard.type('one');
    await page.keyboard.down('Shift');
    await page.keyboard.press('Enter');
    await page.keyboard.up('Shift');
    await page.keyboard.type('two');
    assert.equal(await page.$eval('#question', (field) => field.value), 'one\ntwo');
    await page.keyboard.press('Enter');
    await answered(page, 1);
    assert.deepEqual(await text(page, '.question'), ['one\ntwo']);
    assert.equal(await page.evaluate(() => document.activeElement.id), 'question');
  });
  await checks.that('a new conversation forgets the old one', async () => {
    await page.click('#new');
    assert.equal((await page.$$('.turn')).length, 0);
    assert.equal(await page.$eval('#welcome', (element) => element.hidden), false);
  });
  await page.close();
}

{
  const { page } = await open('desktop');
  await checks.that('a picture is added by choosing and by pasting, and removed again', async () => {
    await (await page.$('#file')).uploadFile(picture);
    await page.waitForSelector('#pictures li');
    await page.evaluate((base64) => {
      const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
      const clipboardData = new DataTransfer();
      clipboardData.items.add(new File([bytes], 'pasted.png', { type: 'image/png' }));
      document.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
    }, fs.readFileSync(picture, 'base64'));
    await page.waitForFunction(() => document.querySelectorAll('#pictures li').length === 2);
    assert.deepEqual(await text(page, '#pictures .name'), [path.basename(picture), 'pasted.png']);
    await page.click('#pictures li:first-child .remove');
    assert.deepEqual(await text(page, '#pictures .name'), ['pasted.png']);
  });
  await checks.that('a file that is no picture is refused by name', async () => {
    await drop(page, [new URL(import.meta.url).pathname]);
    await page.waitForFunction(() => document.querySelector('#problem').textContent.includes('page.mjs is no picture'));
    await violations(page);
  });
  await checks.that('a picture above the limit of pixels is made smaller, and the page says so', async () => {
    const limit = await page.evaluate(async () => (await (await fetch('v1/models')).json()).data[0].limits?.picture_pixels);
    assert.ok(limit > 0, 'the server states no limit');
    const side = Math.ceil(Math.sqrt(limit)) + 64;
    await page.evaluate(async (width) => {
      const canvas = new OffscreenCanvas(width, width);
      canvas.getContext('2d').fillRect(0, 0, width / 2, width);
      const dragged = new DataTransfer();
      dragged.items.add(new File([await canvas.convertToBlob({ type: 'image/jpeg' })], 'large.jpg', { type: 'image/jpeg' }));
      document.dispatchEvent(new DragEvent('drop', { dataTransfer: dragged, bubbles: true, cancelable: true }));
    }, side);
    await page.waitForFunction(() => document.querySelectorAll('#pictures li').length === 2);
    assert.match((await text(page, '#notes'))[0], /^large\.jpg: made smaller/);
    const sent = await page.$eval('#pictures li:last-child img', (image) => image.naturalWidth * image.naturalHeight);
    assert.ok(sent <= limit, `${sent} pixels`);
    return `${side * side} pixels became ${sent}`;
  });
  await checks.that('a photo that its camera calls turned is sent upright, and the page says so', async () => {
    await page.evaluate(async () => {
      const canvas = new OffscreenCanvas(80, 40);
      canvas.getContext('2d').fillRect(0, 0, 40, 40);
      const jpeg = new Uint8Array(await (await canvas.convertToBlob({ type: 'image/jpeg' })).arrayBuffer());
      // APP1 "Exif", big-endian, one entry: orientation 6, a quarter turn.
      const exif = '4578696600004d4d002a000000080001011200030000000100060000' + '00000000';
      const segment = [0xff, 0xe1, 0, exif.length / 2 + 2, ...exif.match(/../g).map((byte) => parseInt(byte, 16))];
      const file = new File([jpeg.slice(0, 2), new Uint8Array(segment), jpeg.slice(2)], 'photo.jpg', { type: 'image/jpeg' });
      const dragged = new DataTransfer();
      dragged.items.add(file);
      document.dispatchEvent(new DragEvent('drop', { dataTransfer: dragged, bubbles: true, cancelable: true }));
    });
    await page.waitForFunction(() => document.querySelectorAll('#pictures li').length === 3);
    assert.match((await text(page, '#notes'))[0], /photo\.jpg: turned upright\.$/);
    const size = await page.$eval('#pictures li:last-child img', (image) => [image.naturalWidth, image.naturalHeight]);
    assert.deepEqual(size, [40, 80]);
  });
  await checks.that('a picture of a kind that the server does not read is converted', async () => {
    await drop(page, [path.resolve('src/main/resources/org/dsvlm/serve/page/icon.svg')]);
    await page.waitForFunction(() => document.querySelectorAll('#pictures li').length === 4);
    assert.match((await text(page, '#notes'))[0], /icon\.svg: converted to PNG\.$/);
    assert.match(await page.$eval('#pictures li:last-child img', (image) => image.src), /^data:image\/png;/);
  });
  await page.close();
}

{
  const { page } = await open('desktop');
  await checks.that('an error is shown in words, and the question is given back', async () => {
    await page.click('#settings summary');
    await page.type('#max-tokens', '99999999');
    await ask(page, QUESTION);
    await page.waitForFunction(() => document.querySelector('#problem').textContent !== '');
    const [said] = await text(page, '#problem');
    assert.match(said, /^The server cannot answer this\. It says: ./);
    assert.equal(await page.$eval('#question', (field) => field.value), QUESTION);
    assert.equal((await page.$$('.turn')).length, 0);
    await shot(page, 'error-desktop-light');
    await violations(page);
    return said;
  });
  await checks.that('a setting that makes no sense is not sent', async () => {
    await page.$eval('#max-tokens', (field) => (field.value = ''));
    await page.type('#temperature', '-1');
    await page.focus('#question');
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => document.querySelector('#problem').textContent.startsWith('Temperature'));
    assert.equal(await page.evaluate(() => document.activeElement.id), 'temperature');
  });
  await checks.that('Escape stops an answer and keeps what there is of it', async () => {
    await page.$eval('#temperature', (field) => (field.value = ''));
    // A stream that does not end, whatever the model would say.
    await page.evaluate(() => {
      window.fetch = async (_, { signal }) => {
        const body = new ReadableStream({
          start(controller) {
            signal.addEventListener('abort', () => controller.error(signal.reason));
            const chunk = { choices: [{ index: 0, delta: { content: '<b>half</b>' } }] };
            controller.enqueue(new TextEncoder().encode(`data: ${JSON.stringify(chunk)}\n\n`));
          },
        });
        return new Response(body);
      };
    });
    await page.focus('#question');
    await page.keyboard.press('Enter');
    await page.waitForSelector('#stop:not([hidden])');
    await page.waitForFunction(() => document.querySelector('.answer')?.textContent !== '');
    await shot(page, 'streaming-desktop-light');
    await page.keyboard.press('Escape');
    await page.waitForSelector('#send:not([hidden])');
    assert.deepEqual(await text(page, '.facts'), ['stopped']);
    assert.deepEqual(await text(page, '.answer'), ['<b>half</b>'], 'text is shown as text');
  });
  await checks.that('a server that is gone is told from one that refuses', async () => {
    await page.evaluate(() => {
      window.fetch = () => Promise.reject(new TypeError('Failed to fetch'));
    });
    await ask(page, 'Still there?');
    await page.waitForFunction(() => document.querySelector('#problem').textContent.includes('does not answer'));
  });
  await page.close();
}

{
  const { page } = await open('phone', 'light', [{ name: 'prefers-reduced-motion', value: 'reduce' }]);
  await checks.that('nothing moves where the reader wants less motion', async () => {
    await page.evaluate(() => document.querySelector('#turns').append(document.querySelector('#turn').content.cloneNode(true)));
    await page.$eval('[data-part=reply]', (reply) => reply.setAttribute('aria-busy', 'true'));
    const animation = await page.$eval('.answer', (answer) => getComputedStyle(answer, '::after').animationName);
    assert.equal(animation, 'none');
  });
  await page.close();
}

{
  const { page } = await open('desktop', 'light', [], locked);
  await checks.that('a server that wants a key: the page asks for it, and says if it is wrong', async () => {
    await page.waitForSelector('#key-form:not([hidden])');
    await shot(page, 'key-desktop-light');
    await violations(page);
    await page.type('#key', 'a-key-that-is-not-the-right-one');
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => document.querySelector('#problem').textContent.includes('does not know this'));
    await page.$eval('#key', (field) => (field.value = ''));
    await page.type('#key', key);
    await page.keyboard.press('Enter');
    await page.waitForSelector('#key-form[hidden]');
    assert.deepEqual(await text(page, '#problem'), ['']);
    await drop(page, [picture]);
    await page.waitForSelector('#pictures li');
    await ask(page, QUESTION);
    assert.equal(await answered(page, 1), ground);
  });
  await page.close();
}

await browser.close();
checks.end();
