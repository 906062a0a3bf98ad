/** Tasks: making one, the list, one of them, starting it, looking at all its calls. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { api, checkAccessibility, checkScreen, checkWidth, closeBrowser, finish, importLeads, login, once, picture, world } from './browser.mjs';

const previewLeads = once(() =>
  importLeads([
    ['PRE-1', '预览一', '13700000001', '预览'],
    ['PRE-2', '预览二', '13700000001', '预览'],
    ['PRE-3', '预览三', '', '预览'],
    ['PRE-4', '预览四', '13700000004', '预览'],
  ]),
);
after(closeBrowser);

const figure = (part, name) => part.locator(`[data-figure="${name}"] dd`).textContent();
const named = async (name) => (await api('GET', '/api/task_list?page_size=500')).items.filter((task) => task.task_name === name);
const preview = { size_desc: { leads_type: [], leads_product: ['预览'] } };

test('a task is made from leads that are counted and previewed, then given a scene and started', async () => {
  await previewLeads();
  const page = await login();
  await page.getByRole('button', { name: '创建外呼任务' }).click();
  const form = page.getByRole('dialog', { name: '创建外呼任务' });
  const all = await api('POST', '/api/leads/statistics/filtered', {});
  await form.locator('.matching[data-counting=false]', { hasText: all.total_count.toLocaleString('en-US') }).waitFor();
  await form.getByRole('button', { name: /^预览 4$/ }).click();
  await form.locator('.matching[data-counting=false] b', { hasText: /^4$/ }).waitFor();
  assert.ok(await form.getByRole('button', { name: '创建任务' }).isDisabled(), 'no name yet');
  await form.getByRole('button', { name: '预览', exact: true }).click();
  const preview = form.locator('.preview');
  await preview.waitFor();
  for (const [name, count] of [['leads_count', '2'], ['invalid_phone', '1'], ['duplicate_phone', '1'], ['do_not_call', '0']]) {
    assert.equal(await figure(preview, name), count, name);
  }
  await preview.locator('[data-skipped=invalid_phone] summary').click();
  await preview.locator('[data-skipped=invalid_phone]').getByText('PRE-3').waitFor();
  await preview.locator('[data-skipped=duplicate_phone] summary').click();
  await preview.getByText('与 PRE-1 同号').waitFor();
  await form.getByLabel('任务名称').fill('预览后创建');
  await checkAccessibility(page, 'creation with a preview');
  await checkWidth(page);
  await picture(page, 'task-preview-zh');
  await form.getByRole('button', { name: '创建任务' }).click();
  const detail = page.getByRole('dialog', { name: '任务：预览后创建' });
  await detail.waitFor();
  await form.waitFor({ state: 'detached' });
  assert.equal(await figure(detail, 'total_leads'), '2');
  const [made] = await named('预览后创建');
  assert.equal(made.task_type, 1);
  await detail.getByLabel('选择场景').click();
  await page.locator('.ant-select-item-option', { hasText: '试驾邀约' }).click();
  await checkAccessibility(page, 'task to be started');
  await picture(page, 'task-start-zh');
  await detail.getByRole('button', { name: '开始外呼' }).click();
  const ask = page.getByRole('dialog', { name: /开始任务/ });
  await ask.getByText('将用场景「试驾邀约」拨打 2 位客户。').waitFor();
  await checkAccessibility(page, 'confirmation');
  await ask.getByRole('button', { name: '开始外呼' }).click();
  await detail.getByRole('button', { name: '通话情况' }).waitFor();
  assert.notEqual((await api('POST', '/api/diagnose-task', { task_id: made.id })).task_type, 1);
  await finish(page);
});

test('a task without a scene is not started, and the page says why', async () => {
  await previewLeads();
  const { task_id: id } = await api('POST', '/api/create-autoCall-tasks', { task_name: '没有场景', script_id: '', ...preview });
  const page = await login(`/?drawer=task&task=${id}`, { allowed: [/400 \(Bad Request\)/] });
  const detail = page.getByRole('dialog', { name: '任务：没有场景' });
  await detail.getByRole('button', { name: '开始外呼' }).click();
  await page.getByRole('dialog', { name: /开始任务/ }).getByRole('button', { name: '开始外呼' }).click();
  await detail.getByText('任务未配置脚本ID').waitFor();
  await finish(page);
});

test('a task whose first answer was lost is made once when it is sent again', async () => {
  await previewLeads();
  const page = await login('/?drawer=create', { allowed: [/ERR_FAILED/] });
  const form = page.getByRole('dialog', { name: '创建外呼任务' });
  await form.getByRole('button', { name: /^预览 4$/ }).click();
  await form.getByLabel('任务名称').fill('只做一次');
  let lost = false;
  await page.route('**/api/create-autoCall-tasks*', async (route) => {
    if (lost) return route.fallback();
    lost = true;
    await route.fetch();
    return route.abort();
  });
  await form.getByRole('button', { name: '创建任务' }).click();
  await form.getByText('无法连接服务').waitFor();
  await form.getByRole('button', { name: '创建任务' }).click();
  await page.getByRole('dialog', { name: '任务：只做一次' }).waitFor();
  assert.equal((await named('只做一次')).length, 1);
  await finish(page);
});

test('the list shows every task when scrolled, and those of a state when filtered', async () => {
  const page = await login();
  await page.getByRole('button', { name: '任务列表' }).click();
  const drawer = page.getByRole('dialog', { name: '任务列表' });
  const end = drawer.getByText(/已显示全部/);
  await drawer.locator('.task-card').first().waitFor();
  const all = (await api('GET', '/api/task_list?page_size=500')).items;
  assert.ok(all.length > 50, 'more than one page');
  while (!(await end.isVisible())) {
    await drawer.locator('.list-end').scrollIntoViewIfNeeded();
    await page.waitForFunction(
      (seen) => document.querySelectorAll('.task-card').length !== seen || /已显示全部/.test(document.querySelector('.list-end').textContent),
      await drawer.locator('.task-card').count(),
    );
  }
  const shown = await drawer.locator('.task-card').evaluateAll((cards) => cards.map((card) => Number(card.dataset.task)));
  assert.deepEqual([...shown].sort(), all.map(({ id }) => id).sort());
  await drawer.getByText('待开始', { exact: true }).first().click();
  await page.waitForURL(/state=1/);
  const created = (await api('GET', '/api/task_list?page_size=500&task_types=1')).items.length;
  await page.waitForFunction((count) => document.querySelectorAll('.task-card').length === count, created);
  await drawer.getByRole('button', { name: '查看任务 新车上市邀约' }).click();
  await page.getByRole('dialog', { name: '任务：新车上市邀约' }).waitFor();
  await finish(page);
});

test('a look at every call tells how far it is, a reload too, until it is done', async () => {
  const page = await login(`/?drawer=task&task=${world.tasks.done}`);
  const detail = page.getByRole('dialog', { name: /^任务：/ });
  await detail.getByRole('button', { name: '全部查询一遍' }).click();
  await page.waitForURL(/run=/);
  await detail.locator('[data-run]').waitFor();
  await page.reload();
  await detail.locator('[data-run=done]').waitFor();
  await detail.getByText('已查询 24 / 24 通').waitFor();
  await checkAccessibility(page, 'run');
  await picture(page, 'task-run-zh');
  await finish(page);
});

test('drawers of tasks are accessible and fit, in both languages and widths', async () => {
  const places = { 'task-new': 'drawer=create', tasks: 'drawer=tasks', task: `drawer=tasks.task&task=${world.tasks.paused}`, 'task-select': 'drawer=select&for=calls' };
  const there = { 'task-new': '.lead-filter .chip', tasks: '.task-card', task: '.calls-overview .figures', 'task-select': '.task-selection .task-card' };
  for (const [name, place] of Object.entries(places)) {
    const page = await login(`/?${place}`);
    await checkScreen(page, name, page.locator(there[name]));
    await finish(page);
  }
});

test('who may only read sees tasks and is offered no change of them', async () => {
  const page = await login(`/?drawer=task&task=${world.tasks.ready}`, { as: 'reader' });
  const detail = page.getByRole('dialog', { name: /^任务：/ });
  assert.equal(await figure(detail, 'total_leads'), '6');
  const start = detail.getByRole('button', { name: '开始外呼' });
  assert.ok(await start.isDisabled());
  assert.equal(await start.getAttribute('title'), '您的账号只能查看，不能执行此操作');
  await page.keyboard.press('Escape');
  await detail.waitFor({ state: 'detached' });
  assert.ok(await page.getByRole('button', { name: '创建外呼任务' }).isDisabled());
  await finish(page);
});
