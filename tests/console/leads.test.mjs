/** Leads: the list, one of them, and importing. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, test } from 'node:test';
import { api, checkAccessibility, checkScreen, checkWidth, closeBrowser, finish, login, phone, picture } from './browser.mjs';

after(closeBrowser);

const names = (page) => page.locator('.lead-button b').allTextContents();
const total = async (query) => (await api('GET', `/api/leads?page_size=1&${query}`)).pagination.total;
const shownTotal = (page, count) => page.locator('.calls-pages').getByText(`${count.toLocaleString('en-US')} 条线索`).waitFor();
const table = (name, rows) => ({
  name,
  mimeType: 'text/csv',
  buffer: Buffer.from(`leads_id,leads_user_name,leads_user_phone,leads_product,leads_type\n${rows.join('\n')}\n`),
});
const choose = (page, file) => page.locator('input[type=file]').setInputFiles(file);
const figure = (page, name) => page.locator(`.verdict [data-figure="${name}"] dd`).textContent();

test('the list, its filters, a lead and the import are accessible and fit, in both languages and widths', async () => {
  const followed = (await api('GET', '/api/leads?page_size=500')).items.find((lead) => lead.latest_follow);
  const page = await login('/leads?leads_product=%E8%BD%BF%E8%BD%A6&latest_follow_ranges=2026-01-01,2099-12-31');
  await page.locator('.chip').first().waitFor();
  await checkScreen(page, 'leads', page.locator('.lead-button'));
  await page.goto(`${page.url().split('?')[0]}?drawer=lead&lead=${followed.leads_id}`);
  await checkScreen(page, 'lead', page.locator('[data-follow]'));
  await finish(page);
});

test('a search, a product and days of follow-ups leave the leads that the API finds, and a reload keeps them', async () => {
  const page = await login('/leads');
  await shownTotal(page, await total(''));
  await page.getByRole('searchbox', { name: '搜索编号、姓名或电话' }).fill('客户2');
  await shownTotal(page, await total('q=客户2'));
  await page.getByRole('button', { name: '筛选', exact: true }).click();
  await page.getByRole('button', { name: /^轿车/ }).click();
  await shownTotal(page, await total('q=客户2&leads_product=轿车'));
  const field = page.locator('[data-field=latest_follow]');
  await field.getByLabel('最近跟进：开始日期').fill('2026-01-01');
  await field.getByLabel('最近跟进：结束日期').fill('2099-12-31');
  await field.getByRole('button', { name: '最近跟进：加入这段日期' }).click();
  const wanted = 'q=客户2&leads_product=轿车&latest_follow_start=2026-01-01&latest_follow_end=2099-12-31';
  await shownTotal(page, await total(wanted));
  const expected = (await api('GET', `/api/leads?${wanted}`)).items.map((lead) => lead.leads_user_name);
  assert.ok(expected.length > 0, 'a filter that finds something');
  assert.deepEqual(await names(page), expected);
  await page.reload();
  await page.locator('.lead-button').first().waitFor();
  assert.deepEqual(await names(page), expected, 'after a reload');
  await page.getByRole('button', { name: '清除筛选' }).click();
  await shownTotal(page, await total('q=客户2'));
  await finish(page);
});

test('a page past the first shows what follows, and a search that finds nothing says so', async () => {
  const page = await login('/leads');
  await page.getByTitle('2', { exact: true }).click();
  await page.waitForURL(/p=2/);
  const second = (await api('GET', '/api/leads?page=2')).items.map((lead) => lead.leads_user_name);
  await page.waitForFunction((first) => document.querySelector('.lead-button b')?.textContent === first, second[0]);
  assert.deepEqual(await names(page), second);
  await page.getByRole('searchbox', { name: '搜索编号、姓名或电话' }).fill('没有这个人');
  await page.getByText('没有符合条件的线索').waitFor();
  await checkAccessibility(page, 'no leads');
  await finish(page);
});

test('an import tells each verdict, and the rejected rows can be had as a file that a spreadsheet reads as text', async () => {
  const page = await login('/leads');
  await page.getByRole('button', { name: '导入线索' }).click();
  const rows = ['IMP-1,导入一,13900001111,导入,A级', 'IMP-2,导入二,=1+1,导入,A级', 'IMP-1,重复,13900001112,导入,A级', ',没有编号,13900001113,导入,A级'];
  await choose(page, table('线索.csv', rows));
  await page.locator('.verdict').waitFor();
  const counted = {};
  for (const name of ['total', 'success', 'skipped', 'error']) counted[name] = Number(await figure(page, name));
  assert.equal(counted.total, 4);
  assert.equal(counted.success, 1);
  assert.equal(counted.skipped + counted.error, 3);
  await checkAccessibility(page, 'import');
  await checkWidth(page);
  await picture(page, 'leads-import-zh');
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: '下载为 CSV' }).click()]);
  assert.equal(file.suggestedFilename(), 'rejected.csv');
  const lines = (await readFile(await file.path(), 'utf8')).split('\r\n');
  assert.equal(lines[0], '\ufeff行,编号,列,原因');
  assert.equal(lines.length, counted.error + 2);
  assert.ok(lines.some((line) => line.startsWith('3,IMP-2,leads_user_phone,')), lines.join('|'));
  await page.keyboard.press('Escape');
  await page.locator('.lead-button', { hasText: '导入一' }).waitFor();
  await finish(page);
});

test('a file that is dropped is imported, on a narrow screen in English', async () => {
  const page = await login('/leads?drawer=import', { language: 'en', viewport: phone });
  await page.locator('.drop-zone').waitFor();
  const dropped = await page.evaluateHandle(() => {
    const data = new DataTransfer();
    data.items.add(new File(['leads_id,leads_user_name\nDROP-1,Dropped\n'], 'dropped.csv', { type: 'text/csv' }));
    return data;
  });
  await page.locator('.drop-zone').dispatchEvent('drop', { dataTransfer: dropped });
  await page.locator('.verdict').waitFor();
  assert.equal(await figure(page, 'success'), '1');
  await checkAccessibility(page, 'dropped');
  await checkWidth(page);
  await picture(page, 'leads-import-en-375');
  await finish(page);
});

test('a file of the wrong kind or too large is refused before it is sent, and what the daemon cannot read says why', async () => {
  const page = await login('/leads?drawer=import', { allowed: [/400 \(Bad Request\)/] });
  let sent = 0;
  page.on('request', (request) => (sent += request.url().endsWith('/api/leads/import') ? 1 : 0));
  await choose(page, { name: '照片.png', mimeType: 'image/png', buffer: Buffer.from('x') });
  await page.getByText('照片.png 不是 .xlsx 或 .csv 文件').waitFor();
  await choose(page, { name: '大.csv', mimeType: 'text/csv', buffer: Buffer.alloc(33 * 1024 * 1024, 'a') });
  await page.getByText(/大\.csv 有 33\.0 MiB，超过 32\.0 MiB/).waitFor();
  assert.equal(sent, 0);
  await choose(page, { name: '缺列.csv', mimeType: 'text/csv', buffer: Buffer.from('name\n张三\n') });
  await page.getByText('文件缺少必填列: leads_id').waitFor();
  await checkAccessibility(page, 'refused import');
  await finish(page);
});

test('who may only read is not offered the import, by its address neither', async () => {
  const page = await login('/leads?drawer=import', { as: 'reader' });
  await page.locator('.drop-zone').getByText('您的账号只能查看').waitFor();
  assert.ok(await page.getByRole('button', { name: '选择文件' }).isDisabled());
  await checkAccessibility(page, 'viewer');
  await page.keyboard.press('Escape');
  await page.locator('.side-drawer').waitFor({ state: 'detached' });
  assert.ok(await page.getByRole('button', { name: '导入线索' }).isDisabled());
  await finish(page);
});
