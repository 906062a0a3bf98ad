/** Coming in, staying in, and being sent out. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { checkAccessibility, checkScreen, closeBrowser, fillLogin, finish, login, open, picture, world } from './browser.mjs';

after(closeBrowser);

const unauthorized = /401 \(Unauthorized\)/;

test('the login page is accessible and fits, in both languages and widths', async () => {
  const page = await open('/');
  await checkScreen(page, 'login', page.locator('input[autocomplete=username]'));
  await finish(page);
});

test('a wrong password is told in the daemon\'s words and lets one try again', async () => {
  const page = await open('/');
  await fillLogin(page, world.username, 'not-the-password');
  await page.getByText('用户名或密码错误').waitFor();
  await checkAccessibility(page, 'refused login');
  await fillLogin(page, world.username, world.password);
  await page.getByRole('heading', { name: '进行中的任务' }).waitFor();
  await finish(page);
});

test('login leads to the place that was asked for, and a reload stays there', async () => {
  const page = await open('/?drawer=monitor');
  await fillLogin(page, world.username, world.password);
  await page.getByRole('dialog', { name: '外呼监控' }).waitFor();
  await page.reload();
  await page.getByRole('dialog', { name: '外呼监控' }).waitFor();
  await finish(page);
});

test('login never leads to another site', async () => {
  for (const next of ['//example.org/', '/\\example.org/', 'https://example.org/']) {
    const page = await open(`/login?next=${encodeURIComponent(next)}`);
    const { origin } = new URL(page.url());
    await fillLogin(page, world.username, world.password);
    await page.getByRole('heading', { name: '进行中的任务' }).waitFor();
    assert.equal(new URL(page.url()).origin, origin);
    await finish(page);
  }
});

test('a token that the daemon no longer takes leads back to login with a message', async () => {
  const page = await login('/', { allowed: [unauthorized] });
  await page.getByRole('heading', { name: '进行中的任务' }).waitFor();
  await page.evaluate(() => {
    const kept = JSON.parse(localStorage.getItem('waihu.session'));
    localStorage.setItem('waihu.session', JSON.stringify({ ...kept, token: `${kept.token}x` }));
  });
  await page.reload();
  await page.getByText('登录已过期，请重新登录').waitFor();
  assert.equal(await page.evaluate(() => localStorage.getItem('waihu.session')), null);
  await picture(page, 'login-expired-zh');
  await finish(page);
});

test('logging out in one tab ends the session in the other', async () => {
  const page = await login();
  const second = await page.context().newPage();
  await second.goto(page.url());
  await second.getByRole('heading', { name: '进行中的任务' }).waitFor();
  await page.bringToFront();
  await page.getByRole('button', { name: /用户菜单/ }).click();
  await page.getByRole('menuitem', { name: '退出登录' }).click();
  await page.getByText('已退出登录').waitFor();
  await second.getByText('已退出登录').waitFor();
  await finish(page);
});

test('who is bound to no organisation is asked to bind an account, and then sees its tasks', async () => {
  const page = await open('/', { allowed: [/400 \(Bad Request\)/] });
  await fillLogin(page, world.newcomer, world.password);
  const dialog = page.getByRole('dialog', { name: '绑定 DCC 账号' });
  await dialog.waitFor();
  await checkAccessibility(page, 'binding');
  await picture(page, 'dcc-bind-zh');
  const bind = async (password) => {
    await dialog.getByLabel('DCC 用户名').fill(world.account.user_name);
    await dialog.getByLabel('DCC 密码').fill(password);
    await dialog.getByLabel('组织 ID').fill(world.account.user_org_id);
    await dialog.getByRole('button', { name: '校验并绑定' }).click();
  };
  await bind('not-the-password');
  await dialog.getByText('用户名、密码或组织ID不正确').waitFor();
  await bind(world.account.user_password);
  await dialog.waitFor({ state: 'detached' });
  const paused = page.locator('.agent-counts [data-task-type="5"] b');
  await paused.waitFor();
  assert.ok(Number(await paused.textContent()) > 0);
  await finish(page);
});
