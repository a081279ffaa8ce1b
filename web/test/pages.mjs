// Looks at the pages in a real browser: `node test/pages.mjs http://127.0.0.1:8080` against a running server.
// Prints one line a check; exits with 1 if any failed. Settings by environment: CHROMIUM (path of the browser),
// SHOTS (a folder for screenshots).
import { existsSync } from 'node:fs';
import { openBrowser, Report } from './browser.mjs';
import { checkConsole } from './console.mjs';
import { checkGraphiQL } from './graphiql.mjs';

const address = process.argv[2]?.replace(/\/$/, '');
if (!address || !/^https?:/.test(address)) {
  console.error('usage: node test/pages.mjs http://127.0.0.1:8080');
  process.exit(2);
}
const executable = process.env.CHROMIUM ?? ['/usr/bin/chromium', '/usr/bin/google-chrome'].find(existsSync);
if (!executable) {
  console.error('There is no Chromium here: install it, or name one in CHROMIUM.');
  process.exit(2);
}

const report = new Report();
const browser = await openBrowser(executable, address);
try {
  await checkGraphiQL(browser, report);
  await checkConsole(browser, report);
} finally {
  await browser.close();
}
process.exit(report.end());
