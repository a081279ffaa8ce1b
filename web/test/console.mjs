// The plain console: by keyboard alone, on a narrow screen, in light and dark, and by axe-core's rules.
import { assert, axe, shot } from './browser.mjs';

// A key of the server that is tested; it refuses any other.
const KEY = process.env.API_KEY;

const WAIT = { timeout: 15_000 };

// Presses Tab until the element with this id has the focus.
async function tabTo(page, id) {
  for (let presses = 0; presses < 30; presses++) {
    if ((await page.evaluate(() => document.activeElement?.id)) === id) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`the Tab key does not reach #${id}`);
}

const loaded = (page) =>
  page.waitForFunction(
    () => document.querySelectorAll('#example option').length > 1 && document.getElementById('schema').textContent,
    null,
    WAIT,
  );

export async function checkConsole(browser, report) {
  const { page, context, log, response } = await browser.open('/console');

  await report.check('console: loads the examples and the schema, under a strict policy', async () => {
    await loaded(page);
    const policy = response.headers()['content-security-policy'] ?? '';
    assert(policy.includes("default-src 'none'") && !policy.includes('unsafe'), policy);
  });

  await report.check('console: an example runs by keyboard alone', async () => {
    await tabTo(page, 'example');
    await page.keyboard.press('ArrowDown');
    await page.waitForFunction(() => document.getElementById('example').value === '1', null, WAIT);
    await tabTo(page, 'query');
    await page.keyboard.press('Control+Enter');
    await page.waitForFunction(() => /"data"/.test(document.getElementById('answer').textContent), null, WAIT);
    const status = await page.locator('#status').textContent();
    assert(/^200 .*no errors\.$/.test(status), status);
    await tabTo(page, 'answer');
    return status;
  });

  await report.check('console: the API key is sent as a header', async () => {
    await page.getByLabel(/API key/).fill(KEY);
    await page.locator('#query').fill('{ keyed: __typename }');
    await page.locator('#variables').fill('');
    await page.getByRole('button', { name: 'Run' }).click();
    await page.waitForFunction(() => /"keyed"|"errors"/.test(document.getElementById('answer').textContent), null, WAIT);
    assert(log.asked.at(-1).headers.authorization === `Bearer ${KEY}`, 'no Authorization header');
    await page.getByLabel(/API key/).fill('');
  });

  await report.check('console: faults are said', async () => {
    await page.locator('#variables').fill('{ no json');
    await page.locator('#query').press('Control+Enter');
    assert(/variables are not JSON/.test(await page.locator('#status').textContent()), 'bad variables are not named');
    assert((await page.evaluate(() => document.activeElement.id)) === 'variables', 'the focus is not on the variables');
    await page.locator('#variables').fill('');
  });

  await report.check('console: finds a word in the schema', async () => {
    await page.getByLabel('Find in the schema').fill('PriorityGoal');
    await page.locator('#schema mark').first().waitFor(WAIT);
    const found = await page.locator('#found').textContent();
    assert(/^\d+ of \d+ definitions contain/.test(found), found);
    return found;
  });

  await report.check('console: nothing wrong in the browser console, no request to another host', async () => {
    const errors = log.errors.filter((error) => !/\/graphql/.test(error) && !/status of 4\d\d/.test(error));
    assert(!errors.length, errors.slice(0, 3).join(' | '));
    assert(!log.foreign.length, log.foreign.join(', '));
  });
  await context.close();

  for (const colorScheme of ['light', 'dark']) {
    for (const [name, viewport] of [['desktop', { width: 1280, height: 800 }], ['phone', { width: 320, height: 640 }]]) {
      const view = await browser.open('/console', { colorScheme, viewport, reducedMotion: 'reduce' });
      await loaded(view.page);
      await view.page.locator('#query').press('Control+Enter');
      await view.page.waitForFunction(() => document.getElementById('answer').textContent, null, WAIT);
      await view.page.getByLabel('Find in the schema').fill('goal');
      await view.page.locator('#schema mark').first().waitFor(WAIT);
      await shot(view.page, `console-${name}-${colorScheme}`);
      await report.check(`console: axe-core, ${name}, ${colorScheme}`, async () => axe(view.page));
      await report.check(`console: nothing scrolls sideways, ${name}, ${colorScheme}`, async () => {
        const width = await view.page.evaluate(() => document.documentElement.scrollWidth);
        assert(width <= viewport.width, `${width} px wide`);
      });
      await view.context.close();
    }
  }
}
