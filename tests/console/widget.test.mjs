/** The calls under way in the corner of every page. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { checkAccessibility, checkScreen, checkWidth, closeBrowser, finish, login, once, phone, picture, speak, tabBeside } from './browser.mjs';
import { casesOf, held } from './case_world.mjs';

after(closeBrowser);

// These calls have an organisation of their own: the corner shows every call of its user's.
const { newCase, callParties } = casesOf('clerk');
const makeRunning = once(async () => {
  running = await newCase([['王女士', held], ['李先生（某某物业管理有限公司委托代理人）', held]]);
  await callParties(running);
});
let running;
/** A page of who has these calls; one on which little else is. */
const clerk = async (path = '/scenes', options = {}) => {
  await makeRunning();
  return login(path, { as: 'clerk', ...options });
};

const bubbleOf = (page, party) => page.locator('.call-bubble', { hasText: party.name });
const shown = (page) =>
  page.locator('.call-bubble').evaluateAll((all) => all.map((one) => `${one.dataset.caseCall} ${one.dataset.status}`).sort());
const inSeconds = (text) => text.match(/(?:(\d+):)?(\d\d):(\d\d)/).slice(1).reduce((sum, part) => sum * 60 + Number(part ?? 0), 0);
const secondsOf = async (page, party) => inSeconds(await bubbleOf(page, party).getByRole('timer').textContent());

/** Two calls at least, both talking. */
const twoTalk = (page) => page.waitForFunction(() => document.querySelectorAll('.call-bubble[data-status=Executing]').length >= 2);

test('without a call there is an icon without a number, and its panel says so', async () => {
  const page = await login('/');
  await page.locator('.call-widget-icon').waitFor();
  assert.equal(await page.locator('.call-widget-badge').count(), 0);
  await page.locator('.call-widget-icon').click();
  await checkScreen(page, 'widget-empty', page.locator('.call-widget-none', { hasText: /^\s*(暂无进行中的通话|No call under way)/ }));
  await finish(page);
});

test('each call under way has a bubble with the name, the status in Chinese and a clock that goes on', async () => {
  const page = await clerk('/');
  await twoTalk(page);
  for (const party of running.parties) {
    const bubble = bubbleOf(page, party);
    await bubble.getByText('通话中').waitFor();
    await bubble.getByText('履约回访').waitFor();
    const text = await bubble.getByRole('timer').textContent();
    assert.match(text, /^已持续 (\d+:)?\d\d:\d\d$/);
    await page.waitForFunction(([name, old]) => {
      const own = [...document.querySelectorAll('.call-bubble')].find((one) => one.textContent.includes(name));
      return own.querySelector('[role=timer]').textContent !== old;
    }, [party.name, text]);
  }
  await checkAccessibility(page, 'widget');
  await checkWidth(page);
  await picture(page, 'widget-zh');
  await finish(page);
});

test('another tab and a reload show the same calls for the same time, minimised in one is minimised in all', async () => {
  const page = await clerk();
  await twoTalk(page);
  const tab = await tabBeside(page, '/cases');
  await twoTalk(tab);
  assert.deepEqual(await shown(tab), await shown(page));
  const [party] = running.parties;
  await bubbleOf(tab, party).getByText(/\d\d:\d\d/).waitFor();
  // Texts of the two pages are read one after the other.
  const early = await secondsOf(page, party);
  const beside = await secondsOf(tab, party);
  const late = await secondsOf(page, party);
  assert.ok(beside >= early - 2 && beside <= late + 2, `${early} <= ${beside} <= ${late}`);
  const before = await shown(page);
  await page.reload();
  await twoTalk(page);
  assert.deepEqual(await shown(page), before);
  await bubbleOf(page, party).getByText(/\d\d:\d\d/).waitFor();
  assert.ok((await secondsOf(page, party)) >= early - 1, 'the clock does not begin anew');
  await page.getByRole('button', { name: '收起' }).click();
  await tab.locator('.call-widget-badge').waitFor();
  assert.equal(await tab.locator('.call-widget-badge').textContent(), await page.locator('.call-widget-badge').textContent());
  await page.reload();
  await page.locator('.call-widget-badge').waitFor();
  await finish(page);
});

test('a call that is placed elsewhere appears by itself and vanishes when it ends', async () => {
  const page = await clerk();
  await twoTalk(page);
  await page.locator('.live-mark[data-state=open]').waitFor();
  // A third of a minute in earnest.
  const short = await newCase([['赵师傅', 20 * 60_000]], 10);
  await callParties(short);
  const bubble = bubbleOf(page, short.parties[0]);
  await bubble.waitFor();
  await page.locator('.call-widget [aria-live]', { hasText: '赵师傅' }).waitFor({ state: 'attached' });
  await bubble.waitFor({ state: 'detached', timeout: 120_000 });
  assert.equal(await bubbleOf(page, running.parties[0]).count(), 1, 'the others stay');
  await finish(page);
});

test('without the event stream calls are found by asking now and then', async () => {
  const page = await clerk('/', { allowed: [/ERR_FAILED/] });
  await twoTalk(page);
  await page.route('**/api/events', (route) => route.abort());
  await page.reload();
  await page.locator('.live-mark[data-state=polling]').waitFor();
  const later = await newCase([['孙女士', held]], 11);
  await callParties(later);
  await bubbleOf(page, later.parties[0]).waitFor({ timeout: 60_000 });
  await finish(page);
});

test('a drawer is not covered: beside it the calls are an icon with their number', async () => {
  const page = await clerk('/?drawer=monitor');
  await page.locator('.call-widget-badge').waitFor();
  await page.keyboard.press('Escape');
  await twoTalk(page);
  await finish(page);
});

test('the keyboard opens, walks through and minimises it', async () => {
  const page = await clerk();
  await twoTalk(page);
  await page.getByRole('button', { name: '收起' }).focus();
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.activeElement?.classList.contains('call-widget-icon'));
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.activeElement?.getAttribute('aria-label') === '收起');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  assert.match(await page.evaluate(() => document.activeElement.getAttribute('href') ?? ''), /^\/cases\//);
  await page.keyboard.press('Escape');
  await page.waitForFunction(() => document.activeElement?.classList.contains('call-widget-icon'));
  await finish(page);
});

test('on a narrow screen it is an icon with the number, and what ends the page can be scrolled clear of it', async () => {
  const page = await clerk('/', { viewport: phone });
  await page.getByRole('main').getByRole('heading').first().waitFor();
  for (const language of ['zh', 'en']) {
    if (language === 'en') await speak(page, language);
    await page.locator('.call-widget-badge').waitFor();
    const gap = await page.waitForFunction(() => {
      const last = document.querySelector('main > *:last-child');
      if (!last) return null;
      window.scrollTo(0, document.documentElement.scrollHeight);
      return document.querySelector('.call-widget').getBoundingClientRect().top - last.getBoundingClientRect().bottom;
    });
    assert.ok((await gap.jsonValue()) >= 0, `covered at the end of the page, ${language}`);
    if (language === 'zh') await checkAccessibility(page, 'icon');
    await checkWidth(page);
    await picture(page, `widget-icon-${language}-375`);
    await page.locator('.call-widget-icon').click();
    await page.locator('.call-bubble').first().waitFor();
    if (language === 'en') await checkAccessibility(page, 'bubbles');
    await checkWidth(page);
    await picture(page, `widget-${language}-375`);
    await page.keyboard.press('Escape');
  }
  await finish(page);
});
