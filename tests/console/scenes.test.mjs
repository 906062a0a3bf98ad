/** Scenes: the list, one of them, writing a new one. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { api, checkAccessibility, checkScreen, closeBrowser, finish, login, picture } from './browser.mjs';

after(closeBrowser);

test('a scene that is written here is kept with every word of it', async () => {
  const page = await login('/scenes');
  await page.getByRole('button', { name: '创建场景' }).click();
  const form = page.getByRole('dialog', { name: '创建场景' });
  await form.getByRole('button', { name: '创建场景' }).click();
  await form.getByText('请填写').first().waitFor();
  await checkAccessibility(page, 'faulty form');
  const name = '保养提醒<b>';
  await form.getByLabel('场景名称').fill(name);
  await form.getByLabel('场景说明').fill('提醒客户\n到店保养');
  await form.getByLabel('机器人名称').fill('小星');
  await form.getByLabel('年龄').fill('25');
  await form.getByLabel('开场白').fill('您好，这里是 4S 店。');
  await picture(page, 'scene-new-zh');
  await form.getByRole('button', { name: '创建场景' }).click();
  await form.waitFor({ state: 'detached' });
  await page.getByRole('button', { name: `查看场景 ${name}` }).click();
  await page.getByRole('dialog', { name: `场景：${name}` }).getByText('您好，这里是 4S 店。').waitFor();
  await checkAccessibility(page, 'scene');
  await picture(page, 'scene-zh');
  const [made] = (await api('GET', '/api/scenes')).filter((scene) => scene.scene_name === name);
  assert.equal(made.scene_detail, '提醒客户\n到店保养');
  assert.equal(made.bot_age, '25');
  assert.equal(made.scene_type, 2);
  await finish(page);
});

test('scenes are accessible and fit, in both languages and widths', async () => {
  const page = await login('/scenes');
  await checkScreen(page, 'scenes', page.locator('[data-script]'));
  await page.getByRole('button', { name: '创建场景' }).click();
  await checkScreen(page, 'scene-form', page.locator('.side-drawer form'));
  await finish(page);
});

test('a scene whose first answer was lost is made once when it is sent again', async () => {
  const page = await login('/scenes?drawer=new-scene', { allowed: [/ERR_FAILED|ERR_CONNECTION/] });
  const form = page.getByRole('dialog', { name: '创建场景' });
  await form.getByLabel('场景名称').fill('只做一次');
  await form.getByLabel('机器人名称').fill('小星');
  let lost = false;
  await page.route('**/api/create_scene', async (route) => {
    if (lost) return route.fallback();
    lost = true;
    await route.fetch();
    return route.abort();
  });
  await form.getByRole('button', { name: '创建场景' }).click();
  await form.getByText('无法连接服务').waitFor();
  await form.getByRole('button', { name: '创建场景' }).click();
  await form.waitFor({ state: 'detached' });
  const made = (await api('GET', '/api/scenes')).filter((scene) => scene.scene_name === '只做一次');
  assert.equal(made.length, 1);
  await finish(page);
});

test('who may only read cannot create a scene and sees why', async () => {
  const page = await login('/scenes?drawer=new-scene', { as: 'reader' });
  const create = page.getByRole('dialog', { name: '创建场景' }).getByRole('button', { name: '创建场景' });
  assert.ok(await create.isDisabled());
  assert.equal(await create.getAttribute('title'), '您的账号只能查看，不能执行此操作');
  await finish(page);
});
