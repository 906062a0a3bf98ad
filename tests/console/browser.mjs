/**
 * What the browser tests share: one browser, pages that remember what went wrong in them, login, the accessibility check,
 * pictures. console.py says where the console is and what is in it.
 */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const root = new URL('../../', import.meta.url);
const require = createRequire(new URL('web/package.json', root));
const { chromium } = require('playwright-core');
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

export const base = process.env.WAIHU_CONSOLE_URL;
export const world = JSON.parse(process.env.WAIHU_CONSOLE_WORLD ?? '{}');
export const desktop = { width: 1280, height: 800 };
export const phone = { width: 375, height: 740 };

let browser;

/**
 * The browser, started when it is first needed; `closeBrowser` belongs into after(). The one without windows takes half of the
 * processor that the other does, which draws a window's frame for every page, too.
 */
async function theBrowser() {
  browser ??= await chromium.launch({
    executablePath: process.env.CHROMIUM ?? ['/usr/bin/chromium-headless-shell', '/usr/bin/chromium'].find((path) => existsSync(path)),
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage'],
  });
  return browser;
}

export async function closeBrowser() {
  await browser?.close();
  browser = undefined;
  shared = undefined;
}

let shared;

/** Pages share a context, since loading the console anew takes the longest; what they stored goes with them (`finish`). */
async function newContext() {
  return (await theBrowser()).newContext({
    viewport: desktop, locale: 'zh-CN', timezoneId: 'Asia/Shanghai',
    // Motion costs a processor that draws by itself dear, and shows nothing that is tested.
    reducedMotion: 'reduce',
  });
}

/** One without pages: a test that failed leaves its own there, and what it stored. */
async function sharedContext() {
  if (shared?.pages().length) {
    await shared.close();
    shared = undefined;
  }
  return (shared ??= await newContext());
}

/**
 * A page with nothing in its storage, nor in its cache when it is `fresh`. `allowed`: patterns of console messages that the test provokes.
 * page.complaints collects everything else: errors, warnings of the policy, what threw.
 */
export async function open(path = '/', { viewport = desktop, language = 'zh', allowed = [], session, fresh = false } = {}) {
  const context = fresh ? await newContext() : await sharedContext();
  const page = await context.newPage();
  if (viewport !== desktop) await page.setViewportSize(viewport);
  await page.addInitScript(([chosen, known]) => {
    if (localStorage.getItem('test.begun')) return;
    localStorage.setItem('test.begun', 'yes');
    localStorage.setItem('waihu.language', chosen);
    if (known) localStorage.setItem('waihu.session', JSON.stringify(known));
  }, [language, session]);
  page.setDefaultTimeout(15_000 * slowness);
  page.complaints = [];
  const complain = (text) => {
    if (!allowed.some((pattern) => pattern.test(text))) page.complaints.push(text);
  };
  page.on('console', (message) => {
    const text = `${message.type()}: ${message.text()}`;
    if (message.type() === 'error' || /Content.Security.Policy/i.test(text)) complain(text);
  });
  page.on('pageerror', (error) => complain(`thrown: ${error.message}`));
  await page.goto(base + path);
  return page;
}

const words = {
  zh: { user: '用户名', password: '密码', submit: /^登\s?录$/, agent: '外呼Agent' },
  en: { user: 'User name', password: 'Password', submit: 'Log in', agent: '外呼Agent' },
};

/** Fills the form of the login page; waits for nothing. */
export async function fillLogin(page, username, password, language = 'zh') {
  await page.getByLabel(words[language].user, { exact: true }).fill(username);
  await page.getByLabel(words[language].password, { exact: true }).fill(password);
  await page.getByRole('button', { name: words[language].submit }).click();
}

/** How much more time everything may take where a sanitized daemon answers beside other tests. */
const slowness = Number(process.env.WAIHU_SLOWNESS ?? 1);

const kept = new Map();

/** What the daemon grants a user, as a browser keeps it. */
async function sessionOf(username) {
  if (!kept.has(username)) {
    const grant = await ask('POST', '/api/login', { username, password: world.password });
    const now = Date.now();
    kept.set(username, {
      token: grant.access_token, user: grant.user_info, grantedAt: now, expiresAt: now + grant.expires_in * 1000, ended: 'none',
    });
  }
  return kept.get(username);
}

/**
 * Opens a page of the console as the operator, or `as` another user, as a browser does that was logged in before; the frame
 * is there when it answers. The form itself is login.test.mjs's.
 */
export async function login(path = '/', { as = world.username, ...options } = {}) {
  const page = await open(path, { ...options, session: await sessionOf(as) });
  await page.getByRole('banner').waitFor();
  return page;
}

/** Another tab of the same browser. */
export async function tabBeside(page, path) {
  const tab = await page.context().newPage();
  tab.setDefaultTimeout(15_000 * slowness);
  await tab.goto(base + path);
  await tab.getByRole('banner').waitFor();
  return tab;
}

/** Until every motion that has an end has ended; a spinner has none. */
async function standStill(page) {
  await page.evaluate(() =>
    Promise.all(
      document
        .getAnimations()
        .filter((motion) => motion.effect?.getComputedTiming().endTime !== Infinity)
        .map((motion) => motion.finished.catch(() => {})),
    ),
  );
}

/** What is made when it is first asked for, and once. */
export function once(make) {
  let made;
  return () => (made ??= make());
}

/** Whether what takes long is done by half. */
const brief = Boolean(process.env.WAIHU_BRIEF);

/** Fails when axe finds a violation of WCAG 2.1 A or AA on what is shown now. */
export async function checkAccessibility(page, what) {
  await standStill(page);
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe);
  const { violations } = await page.evaluate(() =>
    window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'] }),
  );
  const told = violations.map(({ id, nodes }) => `${id}: ${nodes.map((n) => `${n.target.join(' ')} ${n.html.slice(0, 160)}`).join(' | ')}`);
  assert.deepEqual(told, [], `axe on ${what}`);
}

/** Fails when the page, or a drawer in it, is wider than the screen. */
export async function checkWidth(page) {
  const wide = await page.evaluate(() => {
    const boxes = [document.documentElement, ...document.querySelectorAll('.side-drawer-scroll')];
    return boxes.filter((box) => box.scrollWidth > box.clientWidth).map((box) => `${box.tagName} ${box.scrollWidth} > ${box.clientWidth}`);
  });
  assert.deepEqual(wide, [], 'horizontal overflow');
}

/** Presses the switch of the language, also where it lies behind a drawer and nobody could. */
export async function speak(page, language) {
  await page.locator('button', { has: page.locator('.language-name') }).first().dispatchEvent('click');
  await page.waitForFunction((wanted) => document.documentElement.lang.startsWith(wanted), language);
}

/**
 * What is shown now, in both languages and widths: accessible, nothing wider than the screen, a picture of each. With WAIHU_BRIEF
 * axe looks at Chinese on a wide and at English on a narrow screen only: at both languages, and at both ways in which a screen is
 * built. Comes and leaves wide and Chinese. `there` is what has to be seen before anything is looked at.
 */
export async function checkScreen(page, name, there) {
  const shown = async (viewport, language) => {
    await page.setViewportSize(viewport);
    // Media queries are asked before a frame is drawn, and what they change is drawn in the next.
    await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
    await there.first().waitFor();
    const narrow = viewport === phone;
    if (!brief || narrow === (language === 'en')) await checkAccessibility(page, `${name} ${language}`);
    await checkWidth(page);
    await picture(page, `${name}-${language}${narrow ? '-375' : ''}`);
  };
  await shown(desktop, 'zh');
  await shown(phone, 'zh');
  await speak(page, 'en');
  await shown(phone, 'en');
  await shown(desktop, 'en');
  await speak(page, 'zh');
}

/** A picture for docs/screenshots, when WAIHU_SCREENSHOTS is set. */
export async function picture(page, name) {
  if (!process.env.WAIHU_SCREENSHOTS) return;
  const folder = new URL('docs/screenshots/', root);
  mkdirSync(folder, { recursive: true });
  await standStill(page);
  await page.screenshot({ path: fileURLToPath(new URL(`${name}.png`, folder)) });
}

/** Nothing went wrong in the page; closes it, the tabs beside it and what they stored. */
export async function finish(page) {
  assert.deepEqual(page.complaints, [], 'the console of the browser');
  const context = page.context();
  if (context !== shared) return context.close();
  await Promise.all(context.pages().map((tab) => tab !== page && tab.close()));
  await page.evaluate(() => localStorage.clear());
  await page.close();
}

/** The API, as the operator, past the browser: to change something behind the page's back. */
export const api = (method, path, body) => apiAs(world.username)(method, path, body);

/** The same as another user. */
export const apiAs = (username) => async (method, path, body) => ask(method, path, body, (await sessionOf(username)).token);

/** Imports these leads, each `[leads_id, name, phone, product]`. */
export async function importLeads(leads) {
  const table = ['leads_id,leads_user_name,leads_user_phone,leads_product', ...leads.map((lead) => lead.join(','))].join('\n');
  const form = new FormData();
  form.append('file', new Blob([table], { type: 'text/csv' }), 'leads.csv');
  return api('POST', '/api/leads/import', form);
}

async function ask(method, path, body, token) {
  const form = body instanceof FormData;
  const response = await fetch(base + path, {
    method,
    headers: { ...(form ? {} : { 'content-type': 'application/json' }), ...(token ? { 'access-token': token } : {}) },
    body: form || body === undefined ? body : JSON.stringify(body),
  });
  const envelope = await response.json();
  assert.equal(envelope.status, 'success', `${method} ${path}: ${JSON.stringify(envelope)}`);
  return envelope.data;
}
