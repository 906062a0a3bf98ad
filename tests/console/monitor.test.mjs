/** The monitor: tasks that are calling, complete or suspended. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { api, checkAccessibility, checkScreen, closeBrowser, finish, login, picture, world } from './browser.mjs';

after(closeBrowser);

const open = async () => {
  const page = await login('/');
  await page.getByRole('button', { name: /打开外呼监控/ }).click();
  const drawer = page.getByRole('dialog').filter({ has: page.locator('.task-card') });
  await drawer.waitFor();
  return { page, drawer };
};
const taskType = async (id) => (await api('POST', '/api/diagnose-task', { task_id: id })).task_type;

test('the monitor is accessible and fits, in both languages and widths', async () => {
  const { page, drawer } = await open();
  await checkScreen(page, 'monitor', drawer.locator('.task-card .progress-bar'));
  await finish(page);
});

test('scrolling to the end loads every task of types 2, 3 and 5 and no other, each once', async () => {
  const { page, drawer } = await open();
  const all = await api('GET', '/api/task_list?page_size=500&task_types=2,3,5');
  assert.ok(all.items.length > 50, 'more than one page');
  const end = drawer.getByText(/已显示全部/);
  while (!(await end.isVisible())) {
    await drawer.locator('.list-end').scrollIntoViewIfNeeded();
    await page.waitForFunction(
      (seen) => document.querySelectorAll('.task-card').length !== seen || /已显示全部/.test(document.querySelector('.list-end').textContent),
      await drawer.locator('.task-card').count(),
    );
  }
  const shown = await drawer.locator('.task-card').evaluateAll((cards) => cards.map((card) => Number(card.dataset.task)));
  assert.equal(new Set(shown).size, shown.length);
  assert.deepEqual([...shown].sort(), all.items.map(({ id }) => id).sort());
  await finish(page);
});

test('suspending and resuming ask first, and happen', async () => {
  const { page, drawer } = await open();
  const id = world.tasks.paused;
  const card = drawer.locator(`[data-task="${id}"]`);
  await card.getByRole('button', { name: /恢复任务/ }).click();
  await page.getByRole('dialog', { name: /恢复任务/ }).getByRole('button', { name: '取消' }).click();
  assert.equal(await taskType(id), 5, 'cancelled');
  await card.getByRole('button', { name: /恢复任务/ }).click();
  const ask = page.getByRole('dialog', { name: /恢复任务/ });
  await checkAccessibility(page, 'confirmation');
  await picture(page, 'monitor-confirm-zh');
  await ask.getByRole('button', { name: '恢复', exact: true }).click();
  await card.locator('[data-task-type="2"]').waitFor();
  assert.equal(await taskType(id), 2);
  await card.getByRole('button', { name: /暂停任务/ }).click();
  await page.getByRole('dialog', { name: /暂停任务/ }).getByRole('button', { name: '暂停', exact: true }).click();
  await card.locator('[data-task-type="5"]').waitFor();
  assert.equal(await taskType(id), 5);
  await finish(page);
});

test('a suspension that fails because the task is over reads it again and closes the drawer', async () => {
  const page = await login('/', { allowed: [/400 \(Bad Request\)/] });
  // The list is older than the truth: it calls a finished task running.
  await page.route('**/api/task_list*', async (route) => {
    const response = await route.fetch();
    const envelope = await response.json();
    const { done } = world.tasks;
    envelope.data.items.unshift({ id: done, task_name: '周末试驾邀约', task_type: 2, create_time: '2026-11-22 10:00:00', leads_count: 24 });
    await route.fulfill({ response, json: envelope });
  });
  await page.getByRole('button', { name: /打开外呼监控/ }).click();
  const drawer = page.getByRole('dialog', { name: '外呼监控' });
  await drawer.getByRole('button', { name: '暂停任务 周末试驾邀约' }).click();
  await page.getByRole('dialog', { name: /暂停任务/ }).getByRole('button', { name: '暂停', exact: true }).click();
  await page.getByText('任务状态不允许暂停').waitFor();
  await drawer.waitFor({ state: 'detached' });
  await finish(page);
});

test('closing the drawer gives the focus back to what opened it', async () => {
  const { page, drawer } = await open();
  await page.keyboard.press('Escape');
  await drawer.waitFor({ state: 'detached' });
  await page.waitForFunction(() => document.activeElement?.classList.contains('agent-open'));
  await finish(page);
});

test('a list that cannot be had says so and is had by another try', async () => {
  const page = await login('/', { allowed: [/503/] });
  await page.getByRole('heading', { name: '进行中的任务' }).waitFor();
  let down = true;
  await page.route('**/api/task_list?*task_types=2%2C3%2C5', (route) =>
    down
      ? route.fulfill({ status: 503, headers: { 'x-request-id': 'abc-1' }, json: { status: 'error', code: 1008, message: '服务暂不可用', data: {} } })
      : route.fallback(),
  );
  await page.getByRole('button', { name: /打开外呼监控/ }).click();
  const drawer = page.getByRole('dialog', { name: '外呼监控' });
  await drawer.getByText('服务暂不可用').waitFor();
  await drawer.getByText('请求编号 abc-1').waitFor();
  await checkAccessibility(page, 'failed list');
  await picture(page, 'monitor-failed-zh');
  down = false;
  await drawer.getByRole('button', { name: '重试' }).click();
  await drawer.locator('.task-card').first().waitFor();
  await finish(page);
});
