// What the browser tests share: a page that remembers what went wrong in it, and a report.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

const FLAGS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage',
];

export function assert(holds, complaint) {
  if (!holds) throw new Error(complaint);
}

export class Report {
  #failed = 0;
  #passed = 0;

  async check(name, look) {
    try {
      const note = await look();
      this.#passed += 1;
      console.log(`ok    ${name}${note ? ` (${note})` : ''}`);
    } catch (error) {
      this.#failed += 1;
      console.log(`FAIL  ${name}: ${String(error.message ?? error).split('\n').slice(0, 4).join(' ')}`);
    }
  }

  end() {
    console.log(`${this.#passed} passed, ${this.#failed} failed`);
    return this.#failed ? 1 : 0;
  }
}

export async function openBrowser(executablePath, address) {
  const browser = await chromium.launch({ executablePath, args: FLAGS });
  const host = new URL(address).host;
  return {
    address,
    close: () => browser.close(),

    // Opens a path in a fresh profile. `log` keeps errors, failed requests, foreign hosts and what was asked of /graphql.
    async open(path, options = {}) {
      const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
      const page = await context.newPage();
      const log = { errors: [], foreign: [], asked: [] };
      page.on('console', (message) => message.type() === 'error' && log.errors.push(message.text()));
      page.on('pageerror', (error) => log.errors.push(String(error)));
      page.on('request', (request) => {
        const url = new URL(request.url());
        if (/^(http|ws)/.test(url.protocol) && url.host !== host) log.foreign.push(url.host);
        if (url.pathname === '/graphql') log.asked.push({ headers: request.headers(), body: request.postData() ?? '' });
      });
      page.on('response', (answer) => answer.status() >= 400 && log.errors.push(`${answer.status()} ${answer.url()}`));
      const response = await page.goto(address + path, { waitUntil: 'load', timeout: 60_000 });
      return { page, context, log, response };
    },
  };
}

export async function shot(page, name) {
  if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/${name}.png` });
}

// Runs axe-core's rules (all that are not experimental) on a page as it stands; any violation fails.
export async function axe(page) {
  await page.evaluate(readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8'));
  const { violations, passes } = await page.evaluate(() => globalThis.axe.run(document));
  const each = ({ id, nodes }) => `${id} × ${nodes.length} (${nodes[0].target}: ${nodes[0].html.slice(0, 80)})`;
  assert(!violations.length, violations.map(each).join(', '));
  return `${passes.length} rules pass`;
}
