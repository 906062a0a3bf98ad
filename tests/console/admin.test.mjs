/** What administrators see and change, and what the others are told. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { api, checkAccessibility, checkScreen, checkWidth, closeBrowser, finish, login, picture } from './browser.mjs';

after(closeBrowser);

test('every tab is accessible and fits, in both languages and widths', async () => {
  const page = await login('/admin');
  const shown = {
    users: '[data-user]',
    accounts: '[data-account]',
    organizations: '.admin-form',
    config: '[data-setting]',
    cluster: '[data-cluster-node]',
  };
  for (const [tab, there] of Object.entries(shown)) {
    await page.locator(`[data-tab="${tab}"]`).click();
    await checkScreen(page, `admin-${tab}`, page.locator(there).first());
  }
  await finish(page);
});

test('an account is made once, disabled after a question and enabled again', async () => {
  const page = await login('/admin?tab=accounts');
  const make = async (name, organization) => {
    await page.getByRole('button', { name: '新建账号' }).click();
    const dialog = page.getByRole('dialog', { name: '新建账号' });
    await dialog.getByLabel('账号名').fill(name);
    await dialog.getByLabel('密码（8 至 200 个字符）').fill('correct-horse');
    await dialog.getByLabel('组织编号').fill(organization);
    await dialog.getByRole('button', { name: '确定' }).click();
    return dialog;
  };
  const dialog = await make('dcc_new', 'NEWORG01');
  const row = page.locator('[data-account=dcc_new]');
  await row.waitFor();
  await dialog.waitFor({ state: 'detached' });
  const again = await make('dcc_new', 'NEWORG02');
  await again.getByText('用户名已存在').waitFor();
  await checkAccessibility(page, 'refused account');
  await page.keyboard.press('Escape');
  await again.waitFor({ state: 'detached' });
  const statusNow = async () =>
    (await api('GET', '/api/dcc/user/list')).items.find((account) => account.user_name === 'dcc_new').user_status;
  await row.getByRole('button', { name: '停用账号 dcc_new' }).click();
  await page.getByRole('dialog', { name: /停用账号/ }).getByRole('button', { name: '停用', exact: true }).click();
  await page.locator('[data-account=dcc_new][data-status="0"]').waitFor();
  assert.equal(await statusNow(), 0);
  await row.getByRole('button', { name: '启用账号 dcc_new' }).click();
  await page.locator('[data-account=dcc_new][data-status="1"]').waitFor();
  assert.equal(await statusNow(), 1);
  await finish(page);
});

test('a user is found, given a role after a question, and does with it what the role may do', async () => {
  const page = await login('/admin');
  const all = (await api('GET', '/api/users?page_size=500')).items;
  await page.locator('[data-user]').first().waitFor();
  assert.deepEqual(await page.locator('[data-user] b').allTextContents(), all.slice(0, 20).map((user) => user.username));
  await page.getByLabel('按用户名、手机号或组织查找').fill('VIEW');
  const row = page.locator('[data-user=viewer]');
  await page.waitForFunction(() => document.querySelectorAll('[data-user]').length === 1);
  const give = async (role) => {
    await row.getByRole('combobox', { name: 'viewer 的角色' }).click();
    await page.locator('.ant-select-item-option').filter({ hasText: role }).click();
    const dialog = page.getByRole('dialog', { name: `把 viewer 改为${role}？` });
    await dialog.waitFor();
    await checkAccessibility(page, `role ${role}`);
    await dialog.getByRole('button', { name: /^确\s?定$/ }).click();
  };
  const roleNow = async () => (await api('GET', '/api/users?q=viewer')).items[0].role;
  await give('操作员');
  await page.locator('[data-user=viewer][data-role=operator]').waitFor();
  assert.equal(await roleNow(), 'operator');
  await give('只读用户');
  await page.locator('[data-user=viewer][data-role=viewer]').waitFor();
  assert.equal(await roleNow(), 'viewer');
  await page.getByLabel('按用户名、手机号或组织查找').fill('nobody-like-this');
  await page.getByText('没有符合条件的用户').waitFor();
  await checkAccessibility(page, 'no user');
  await finish(page);
});

test('the cluster view is what the store has', async () => {
  const page = await login('/admin?tab=cluster');
  const { nodes } = await api('GET', '/api/cluster');
  await page.locator('[data-cluster-node]').first().waitFor();
  assert.deepEqual(await page.locator('[data-cluster-node] .admin-row-name > b').allTextContents(), nodes.map(({ node }) => node));
  assert.equal(await page.locator('[data-shards]').first().textContent(), String(nodes[0].shards));
  await finish(page);
});

test('an organisation is made and its id told; a name that is taken is refused', async () => {
  const page = await login('/admin?tab=organizations');
  const make = async () => {
    await page.getByLabel('组织名称').fill('城东分公司');
    await page.locator('.admin-form button[type=submit]').click();
  };
  await make();
  await page.getByText('已创建组织 城东分公司').waitFor();
  const id = await page.locator('[data-organization]').textContent();
  assert.match(id, /^[A-Z0-9]{6,8}$/);
  await page.locator(`[data-organization-row="${id}"]`).waitFor();
  await picture(page, 'admin-organization-made-zh');
  await make();
  await page.getByText('组织名称已存在').waitFor();
  await finish(page);
});

test('the configuration check and the node are those of the API', async () => {
  const page = await login('/admin?tab=config');
  const { configs } = await api('GET', '/api/config/check');
  await page.locator('[data-setting]').first().waitFor();
  for (const [key, isSet] of Object.entries(configs)) {
    assert.equal(await page.locator(`[data-setting="${key}"]`).getAttribute('data-set'), String(isSet), key);
  }
  await page.locator('[data-tab="cluster"]').click();
  const { node } = await api('POST', '/api/auto-task', { action: 'check' });
  assert.equal(await page.locator('b[data-node]').textContent(), node);
  await finish(page);
});

test('who is no administrator is told so, and sees nothing of it', async () => {
  for (const as of ['mediator', 'viewer']) {
    const page = await login('/admin', { as });
    await page.getByText('需要管理员权限').waitFor();
    assert.equal(await page.locator('[data-tab]').count(), 0);
    await checkAccessibility(page, 'refused');
    await checkWidth(page);
    await picture(page, 'admin-refused-zh');
    await finish(page);
  }
});
