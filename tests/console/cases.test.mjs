/** Cases: opening one calls its parties once; what became of each call; the list. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { checkAccessibility, checkScreen, checkWidth, closeBrowser, finish, login, picture, tabBeside } from './browser.mjs';
import { brief, casesOf, dialled, held } from './case_world.mjs';

after(closeBrowser);

const { newCase, callParties, caseNow, caseApi } = casesOf('mediator');
const pathOf = ({ caseId }) => `/cases/${caseId}`;
const card = (page, party) => page.locator(`[data-person="${party.personId}"]`);
const rounds = (page) =>
  page.locator('.case-round').evaluateAll((all) => all.map((one) => `${one.dataset.caseCall} ${one.dataset.status}`));
const isCallRequest = (request) => request.method() === 'POST' && request.url().endsWith('/call-v2');

/** Counts what the browser asks for in order to call somebody, in all of its tabs. */
function requestsOf(page) {
  const counted = { calls: 0 };
  page.context().on('request', (request) => {
    if (isCallRequest(request)) counted.calls += 1;
  });
  return counted;
}

/** All parties of it talk. */
const allTalk = (page, { parties }) =>
  page.waitForFunction((n) => document.querySelectorAll('.case-round[data-status=Executing]').length === n, parties.length, { timeout: 60_000 });

test('opening a case calls each party once; a reload, another tab and coming back call nobody again', async () => {
  const of = await newCase([['王女士', held], ['李先生', held]]);
  const page = await login('/cases', { as: 'mediator' });
  const counted = requestsOf(page);
  await page.getByLabel('案件编号').fill(of.caseId);
  await page.getByRole('button', { name: '打开案件' }).click();
  await page.locator('[data-visit=called]').waitFor();
  await allTalk(page, of);
  await picture(page, 'case-zh');
  await checkAccessibility(page, 'case');
  await page.reload();
  await page.locator('[data-visit=before]').waitFor();
  const tab = await tabBeside(page, pathOf(of));
  await tab.locator('[data-visit=already]').waitFor();
  await tab.locator('.case-round').first().waitFor();
  assert.deepEqual(await rounds(tab), await rounds(page));
  await page.getByRole('link', { name: '返回列表' }).click();
  await page.locator('.case-row').first().waitFor();
  await page.goBack();
  await page.locator('[data-visit=already]').waitFor();
  assert.equal(counted.calls, 1);
  assert.deepEqual(await dialled(of), [1, 1]);
  await finish(page);
});

test('two tabs that open a case at the same moment send one request', async () => {
  const of = await newCase([['周女士', held]]);
  const page = await login('/cases', { as: 'mediator' });
  const counted = requestsOf(page);
  const tabs = await Promise.all([tabBeside(page, pathOf(of)), tabBeside(page, pathOf(of))]);
  for (const tab of tabs) await tab.locator('[data-visit=called], [data-visit=already]').waitFor();
  const phases = await Promise.all(tabs.map((tab) => tab.locator('[data-visit]').first().getAttribute('data-visit')));
  assert.deepEqual(phases.sort(), ['already', 'called']);
  assert.equal(counted.calls, 1);
  assert.deepEqual(await dialled(of), [1]);
  await finish(page);
});

test('a call is followed to its end; then its conversation, recording and history are there, and the next round has to wait', async () => {
  const of = await newCase([['陈女士', brief]]);
  const page = await login(pathOf(of), { as: 'mediator' });
  await page.locator('.case-round[data-status=Succeeded]').waitFor({ timeout: 60_000 });
  const name = of.parties[0].name;
  await page.getByRole('button', { name: new RegExp(`第 1 轮.*查看 ${name} 的通话`) }).click();
  const drawer = page.getByRole('dialog', { name: `通话：${name}` });
  await drawer.locator('.conversation p').first().waitFor();
  const [call] = (await caseNow(of.caseId)).calls;
  const [said] = await caseApi('GET', `/conversation-log?jobId=${call.jobId}`);
  assert.deepEqual(
    await drawer.locator('.conversation p').allTextContents(),
    JSON.parse(said.conversations).map((line) => line.Script),
  );
  await drawer.locator('[data-event=settled]').waitFor();
  assert.match(await drawer.locator('audio').getAttribute('src'), /^http/);
  await checkAccessibility(page, 'case call');
  await checkWidth(page);
  await picture(page, 'case-call-zh');
  await page.reload();
  await page.locator('.side-drawer .conversation p').first().waitFor();
  await page.keyboard.press('Escape');
  await drawer.waitFor({ state: 'detached' });
  await page.locator('[data-visit=before]').waitFor();
  await page.getByRole('button', { name: `呼叫 ${name}` }).click();
  await card(page, of.parties[0]).locator('[data-code="1001"]', { hasText: '下一轮最早' }).waitFor();
  await picture(page, 'case-wait-zh');
  assert.deepEqual(await dialled(of), [1]);
  await finish(page);
});

test('who cannot be called is named with the reason and hides nobody else, in every tab and both languages and widths', async () => {
  const of = await newCase([['王女士', held], ['欧阳' + '慕容'.repeat(20), null], ['李先生', held]], 11);
  const page = await login(pathOf(of), { as: 'mediator' });
  await page.locator('[data-visit=partial]', { hasText: '3 人中 2 人已呼叫' }).waitFor();
  await card(page, of.parties[1]).locator('[data-code="1003"]', { hasText: '号码' }).waitFor();
  const tab = await tabBeside(page, pathOf(of));
  await card(tab, of.parties[1]).locator('[data-code="1003"]').waitFor();
  await tab.close();
  await page.reload();
  await card(page, of.parties[1]).locator('[data-code="1003"]').waitFor();
  await allTalk(page, { parties: [of.parties[0], of.parties[2]] });
  await checkScreen(page, 'case-partial', card(page, of.parties[1]).locator('[data-code="1003"]'));
  await finish(page);
  assert.deepEqual(await dialled(of), [1, 0, 1]);
});

test('the list shows what the API tells, by status and kind, in both languages and widths', async () => {
  const of = await newCase([['蒋女士', held]], 10);
  await callParties(of);
  const wanted = async (query) => (await caseApi('GET', `/tasks?${query}`)).items.map((call) => String(call.id));
  const page = await login('/cases?type=intent_survey&status=Executing', { as: 'mediator' });
  await page.locator('.case-row').first().waitFor();
  const rows = () => page.locator('.case-row').evaluateAll((all) => all.map((one) => one.dataset.caseCall));
  assert.deepEqual(await rows(), await wanted('type=intent_survey&status=Executing'));
  await page.goto(page.url().split('?')[0]);
  await page.locator('.case-row').first().waitFor();
  assert.deepEqual(await rows(), await wanted('page=1'));
  await checkScreen(page, 'cases', page.locator('.case-row'));
  await finish(page);
});

test('a case that does not exist says so, and a number that cannot be one is not looked for', async () => {
  const page = await login('/cases/NOBODY-1', { as: 'mediator', allowed: [/404 \(Not Found\)/] });
  await page.getByText('案件不存在').waitFor();
  await checkAccessibility(page, 'unknown case');
  await page.getByRole('link', { name: '返回列表' }).click();
  await page.getByLabel('案件编号').fill('张三');
  await page.getByRole('button', { name: '打开案件' }).click();
  await page.getByText('案件编号只能包含字母').waitFor();
  await finish(page);
});
