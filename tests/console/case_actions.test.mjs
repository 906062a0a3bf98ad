/** What is done to calls of a case, and what goes wrong: refusals, cancelling, those who may only read. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { checkAccessibility, checkWidth, closeBrowser, finish, login, picture } from './browser.mjs';
import { casesOf, clearFaults, dialled, fault, held } from './case_world.mjs';

after(closeBrowser);

const { newCase, caseNow } = casesOf('mediator');
const pathOf = ({ caseId }) => `/cases/${caseId}`;
const card = (page, party) => page.locator(`[data-person="${party.personId}"]`);

test('what the provider refuses is told in its words, and may be tried again', async () => {
  const of = await newCase([['吴先生', held]], 12);
  await fault({ action: 'CreateJobGroup', effect: 'error', status: 400, code: 'InvalidScript', message: '场景不存在' });
  const page = await login(pathOf(of), { as: 'mediator' });
  const party = card(page, of.parties[0]);
  await party.locator('[data-code="1003"]', { hasText: '场景不存在' }).waitFor({ timeout: 60_000 });
  await page.getByText('没有呼叫任何人').waitFor();
  await clearFaults();
  await page.getByRole('button', { name: '呼叫 吴先生' }).click();
  await party.locator('[data-status=Executing]').waitFor({ timeout: 60_000 });
  assert.equal(await party.locator('[data-code]').count(), 0);
  assert.deepEqual(await dialled(of), [1]);
  await finish(page);
});

test('a request that does not get through calls nobody, says so, and is sent again on demand', async () => {
  const of = await newCase([['郑女士', held]], 13);
  const page = await login('/cases', { as: 'mediator', allowed: [/ERR_FAILED/] });
  await page.route('**/call-v2', (route) => route.abort());
  await page.getByLabel('案件编号').fill(of.caseId);
  await page.getByRole('button', { name: '打开案件' }).click();
  await page.locator('[data-visit=failed]').waitFor();
  await checkAccessibility(page, 'failed visit');
  assert.deepEqual(await dialled(of), [0]);
  await page.unroute('**/call-v2');
  await page.locator('[data-visit=failed]').getByRole('button', { name: '重试' }).click();
  await page.locator('[data-visit=called]').waitFor();
  assert.deepEqual(await dialled(of), [1]);
  await finish(page);
});

test('a call is cancelled with a reason; what the provider refuses keeps the question open', async () => {
  const of = await newCase([['冯先生', held]]);
  const page = await login(pathOf(of), { as: 'mediator', allowed: [/500 \(Internal Server Error\)/] });
  await page.locator('[data-status=Executing]').first().waitFor({ timeout: 60_000 });
  await fault({ action: 'CancelJobs', effect: 'error', status: 400, code: 'NoPermission' });
  await page.getByRole('button', { name: '取消外呼：冯先生' }).click();
  const dialog = page.getByRole('dialog', { name: '取消外呼：冯先生' });
  await dialog.getByLabel('原因（选填）').fill('当事人已到场');
  await dialog.getByRole('button', { name: '取消外呼', exact: true }).click();
  assert.match(await dialog.locator('.ant-alert-error').textContent({ timeout: 60_000 }), /NoPermission/);
  await checkAccessibility(page, 'cancel');
  await picture(page, 'case-cancel-zh');
  await clearFaults();
  await dialog.getByRole('button', { name: '取消外呼', exact: true }).click();
  await page.getByText('取消请求已提交').waitFor();
  await dialog.waitFor({ state: 'detached' });
  const [call] = (await caseNow(of.caseId)).calls;
  assert.match(call.remark, /当事人已到场/);
  await finish(page);
});

test('a viewer reads a case and calls nobody: actions cannot be pressed and say why', async () => {
  const of = await newCase([['褚女士', held], ['卫先生', held]]);
  const page = await login(pathOf(of), { as: 'viewer', allowed: [/403 \(Forbidden\)/] });
  await page.locator('[data-visit=read_only]').waitFor();
  const button = page.getByRole('button', { name: '呼叫 褚女士' });
  assert.equal(await button.isDisabled(), true);
  assert.equal(await button.getAttribute('title'), '您的账号只能查看，不能执行此操作');
  await checkAccessibility(page, 'viewer');
  await checkWidth(page);
  await picture(page, 'case-viewer-zh');
  assert.deepEqual(await dialled(of), [0, 0]);
  await finish(page);
});
