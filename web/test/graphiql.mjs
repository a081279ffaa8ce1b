// GraphiQL: starts, runs an example, completes, marks errors, sends the API key, shares by link, stays on its host.
import { assert, axe, shot } from './browser.mjs';

// A key of the server that is tested; it refuses any other.
const KEY = process.env.API_KEY;

const EDITOR = '.graphiql-query-editor .monaco-editor';
const ANSWER = '.graphiql-response .view-lines';
const WAIT = { timeout: 20_000 };

// Monaco paints spaces as no-break spaces.
const textOf = (page, selector) =>
  page.locator(selector).first().evaluate((node) => node.textContent.replaceAll('\u00a0', ' '));

async function type(page, text) {
  await page.locator(EDITOR).first().click();
  await page.keyboard.press('Control+A');
  await page.keyboard.press('Delete');
  await page.keyboard.insertText(text);
}

async function answerWith(page, wanted) {
  await page.waitForFunction(
    ([selector, text]) => document.querySelector(selector)?.textContent.replaceAll('\u00a0', ' ').includes(text),
    [ANSWER, wanted],
    WAIT,
  );
}

export async function checkGraphiQL(browser, report) {
  const { page, context, log, response } = await browser.open('/graphiql');
  let ready = false;

  await report.check('GraphiQL: the editor starts', async () => {
    assert(response.status() === 200, `status ${response.status()}`);
    assert((await page.title()).includes('GraphiQL'), 'the page is not GraphiQL: was it built?');
    await page.locator(`${EDITOR} .view-lines`).first().waitFor(WAIT);
    ready = true;
  });
  if (!ready) return context.close();

  await report.check('GraphiQL: policy and headers', async () => {
    const headers = response.headers();
    const policy = headers['content-security-policy'] ?? '';
    for (const part of ["default-src 'none'", "script-src 'self';", "frame-ancestors 'none'", "'nonce-"]) {
      assert(policy.includes(part), `no ${part} in "${policy}"`);
    }
    assert(!policy.includes('unsafe-eval'), 'unsafe-eval');
    assert(headers['x-content-type-options'] === 'nosniff', 'no nosniff');
    assert(headers['referrer-policy'] === 'no-referrer', 'no referrer policy');
  });

  const { examples } = await (await fetch(`${browser.address}/examples.json`)).json();
  await report.check('GraphiQL: a tab for each example', async () => {
    const tabs = await page.locator('.graphiql-tab').count();
    assert(tabs === examples.length && tabs >= 12, `${tabs} tabs, ${examples.length} examples`);
    return `${tabs} tabs`;
  });

  await report.check('GraphiQL: an example runs, with its variables', async () => {
    const index = examples.findIndex(({ variables }) => variables);
    await page.locator('.graphiql-tab-button').nth(index).click();
    await page.locator('.graphiql-execute-button').click();
    await answerWith(page, '"data"');
    const { query, variables } = JSON.parse(log.asked.at(-1).body);
    assert(query.trim() === examples[index].query.trim(), 'another query was sent');
    assert(JSON.stringify(variables) === JSON.stringify(JSON.parse(examples[index].variables)), 'other variables were sent');
    assert(!log.asked.at(-1).headers.authorization, 'an Authorization header without a key');
    await shot(page, 'graphiql');
  });

  await report.check('GraphiQL: no introspection was asked', async () => {
    assert(!log.asked.some(({ body }) => body.includes('__schema')), 'the schema came by introspection');
  });

  await report.check('GraphiQL: axe-core', async () => axe(page));

  await report.check('GraphiQL: completion', async () => {
    await type(page, '{ goodPrac');
    await page.keyboard.press('Control+Space');
    const row = page.locator('.suggest-widget .monaco-list-row', { hasText: 'goodPractices' }).first();
    await row.waitFor(WAIT);
    await shot(page, 'graphiql-completion');
    await page.keyboard.press('Escape');
  });

  await report.check('GraphiQL: an unknown field is marked', async () => {
    await type(page, '{ noSuchField }');
    await page.locator(`${EDITOR} .squiggly-error`).first().waitFor(WAIT);
  });

  await report.check('GraphiQL: the API key is sent, kept for the tab only, and never in a link', async () => {
    await page.getByLabel('API key').fill(KEY);
    await type(page, '{ __typename }');
    await page.keyboard.press('Control+Enter');
    await answerWith(page, '__typename');
    assert(log.asked.at(-1).headers.authorization === `Bearer ${KEY}`, 'no Authorization header');
    const stored = await page.evaluate(() => JSON.stringify(localStorage));
    assert(!stored.includes(KEY), 'the key is in local storage');
    await page.getByLabel('API key').fill('');
  });

  await report.check('GraphiQL: documentation (axe-core) and explorer open', async () => {
    await page.getByRole('button', { name: 'Show Documentation Explorer' }).click();
    await page.locator('.graphiql-doc-explorer', { hasText: 'Query' }).waitFor(WAIT);
    const note = await axe(page);
    await shot(page, 'graphiql-documentation');
    await page.getByRole('button', { name: 'Show GraphiQL Explorer' }).click();
    await page.locator('.graphiql-plugin', { hasText: 'goodPractices' }).waitFor(WAIT);
    await shot(page, 'graphiql-explorer');
    await page.getByRole('button', { name: 'Hide GraphiQL Explorer' }).click();
    return note;
  });

  await report.check('GraphiQL: an example opens from the list, in a new tab', async () => {
    const before = await page.locator('.graphiql-tab').count();
    await page.getByLabel('Open an example in a new tab').selectOption('1');
    await page.waitForFunction((count) => document.querySelectorAll('.graphiql-tab').length === count, before + 1, WAIT);
    const name = /query (\w+)/.exec(examples[1].query)[1];
    await page.waitForFunction(([selector, text]) => document.querySelector(selector).textContent.includes(text), [`${EDITOR} .view-lines`, name], WAIT);
  });

  await report.check('GraphiQL: a link carries the query to another reader', async () => {
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await type(page, '{ shared: __typename }');
    await page.getByRole('button', { name: 'Copy a link to this query' }).click();
    await page.getByRole('button', { name: 'Link copied' }).waitFor(WAIT);
    const link = new URL(await page.evaluate(() => navigator.clipboard.readText()));
    assert(link.pathname === '/graphiql' && link.hash.startsWith('#q='), String(link));
    const other = await browser.open(link.pathname + link.hash);
    await other.page.locator(`${EDITOR} .view-lines`).first().waitFor(WAIT);
    await other.page.waitForFunction((selector) => document.querySelector(selector).textContent.includes('shared'), `${EDITOR} .view-lines`, WAIT);
    assert((await textOf(other.page, `${EDITOR} .view-lines`)).includes('{ shared: __typename }'), 'another query');
    assert(!(await other.page.evaluate(() => location.hash)), 'the address still carries the query');
    await other.context.close();
  });

  await report.check('GraphiQL: nothing wrong in the browser console, no request to another host', async () => {
    assert(!log.errors.length, log.errors.slice(0, 3).join(' | '));
    assert(!log.foreign.length, log.foreign.join(', '));
  });
  await context.close();

  await report.check('GraphiQL: in dark, at 320 px: runs, nothing scrolls sideways, axe-core', async () => {
    const phone = await browser.open('/graphiql', { colorScheme: 'dark', viewport: { width: 320, height: 640 } });
    await phone.page.locator(`${EDITOR} .view-lines`).first().waitFor(WAIT);
    const width = await phone.page.evaluate(() => document.documentElement.scrollWidth);
    assert(width <= 320, `${width} px wide`);
    await phone.page.locator('.graphiql-execute-button').click();
    const answer = phone.page.locator('.graphiql-response .view-lines', { hasText: '"data"' });
    await answer.waitFor(WAIT);
    await answer.scrollIntoViewIfNeeded();
    await shot(phone.page, 'graphiql-phone-dark');
    const note = await axe(phone.page);
    await phone.context.close();
    return note;
  });
}
