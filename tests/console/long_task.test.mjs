/** A task of very many calls in one list. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { api, checkAccessibility, checkWidth, closeBrowser, finish, importLeads, login, once, phone, picture } from './browser.mjs';

/** A sanitized daemon beside other tests makes fewer (CMakeLists.txt). */
const size = Number(process.env.WAIHU_LONG_TASK ?? 20_000);
let id;

const makeTask = once(async () => {
  const leads = Array.from({ length: size }, (_, n) => [`LONG-${n}`, `长名单${n}`, `136${String(n).padStart(8, '0')}`, '长名单']);
  assert.equal((await importLeads(leads)).success_count, size);
  const scene = (await api('GET', '/api/scenes'))[0].script_id;
  const task = { task_name: `${size} 通`, script_id: scene, size_desc: { leads_type: [], leads_product: ['长名单'] } };
  ({ task_id: id } = await api('POST', '/api/create-autoCall-tasks', task));
  await api('POST', '/api/start-call-task', { task_id: id });
  await api('POST', '/api/suspend-resume-task', { action: 'suspend', task_id: id });
});
after(closeBrowser);

const call = async (place) =>
  (await api('POST', '/api/query-task-execution', { task_id: id, page: place + 1, page_size: 1 })).jobs_data[0];
const scrollTo = (page, place) =>
  page.locator('.call-scroll').evaluate((box, row) => box.scrollTo(0, row * 56), place);

const steps = 120;

/** Scrolls half-way down; how many rows were drawn at most, and what a frame took of the page's thread, other work apart. */
async function scrolled(page) {
  const tools = await page.context().newCDPSession(page);
  await tools.send('Performance.enable', { timeDomain: 'threadTicks' });
  const taken = async () => (await tools.send('Performance.getMetrics')).metrics.find(({ name }) => name === 'TaskDuration').value;
  const before = await taken();
  const most = await page.locator('.call-scroll').evaluate(async (box, count) => {
    let rows = 0;
    for (let step = 1; step <= count; step += 1) {
      box.scrollTo(0, (box.scrollHeight * step) / (2 * count));
      await new Promise((resolve) => requestAnimationFrame(resolve));
      rows = Math.max(rows, box.querySelectorAll('[data-place]').length);
    }
    return rows;
  }, steps);
  return { most, spent: (1000 * ((await taken()) - before)) / steps };
}

test('very many calls scroll in one list that draws few rows, asks few pages, and shows the right calls', async () => {
  await makeTask();
  const page = await login(`/?drawer=calls&task=${id}`);
  let asked = 0;
  page.on('request', (request) => (asked += request.url().endsWith('/api/query-task-execution') ? 1 : 0));
  await page.getByRole('switch', { name: '连续滚动' }).click();
  await page.locator('.call-scroll .lead-button').first().waitFor();
  assert.equal(await page.locator('.call-scroll').getAttribute('aria-rowcount'), String(size + 1));
  asked = 0;
  const { most, spent } = await scrolled(page);
  console.log(`scrolling ${size / 2} rows: ${spent.toFixed(1)} ms of the processor a frame`);
  assert.ok(most < 60, `${most} rows in the document`);
  assert.ok(spent < 16, `a frame takes ${spent} ms of the processor`);
  assert.ok(asked < 40, `${asked} pages asked on the way`);
  for (const place of [size * 0.75, size - 1, 0]) {
    await scrollTo(page, place);
    const wanted = await call(place);
    await page.locator(`[data-place="${place}"] .lead-button b`, { hasText: wanted.LeadsName }).waitFor();
  }
  await checkAccessibility(page, 'long list');
  await picture(page, 'calls-scroll-zh');
  await finish(page);
});

test('a call far down opens, and a reload shows it again', async () => {
  await makeTask();
  const page = await login(`/?drawer=calls&task=${id}&list=all`, { viewport: phone });
  await page.locator('.call-scroll .lead-button').first().waitFor();
  const place = size * 0.6;
  await scrollTo(page, place);
  const wanted = await call(place);
  await page.locator(`[data-place="${place}"] .lead-button`).click();
  const drawer = page.getByRole('dialog', { name: `通话：${wanted.LeadsName}` });
  await drawer.getByText(wanted.LeadsPhone).waitFor();
  await page.reload();
  await drawer.getByText(wanted.LeadsPhone).waitFor();
  await page.keyboard.press('Escape');
  await drawer.waitFor({ state: 'detached' });
  await page.locator('.call-scroll .lead-button').first().waitFor();
  await checkWidth(page);
  await checkAccessibility(page, 'long list on a narrow screen');
  await finish(page);
});
