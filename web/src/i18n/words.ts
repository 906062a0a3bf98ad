/** All words of the console, Chinese and English. A new screen adds its words.ts here, to both. */
import * as admin from '../screens/admin/words';
import * as calls from '../screens/calls/words';
import * as cases from '../screens/cases/words';
import * as followups from '../screens/followups/words';
import * as home from '../screens/home/words';
import * as leads from '../screens/leads/words';
import * as login from '../screens/login/words';
import * as monitor from '../screens/monitor/words';
import * as scenes from '../screens/scenes/words';
import * as tasks from '../screens/tasks/words';
import * as widget from '../screens/widget/words';
import * as common from './common';

export const zh = {
  ...common.zh,
  ...login.zh,
  ...home.zh,
  ...monitor.zh,
  ...calls.zh,
  ...leads.zh,
  ...scenes.zh,
  ...tasks.zh,
  ...followups.zh,
  ...widget.zh,
  ...cases.zh,
  ...admin.zh,
};
export type Dictionary = typeof zh;

export const en: Record<keyof Dictionary, string> = {
  ...common.en,
  ...login.en,
  ...home.en,
  ...monitor.en,
  ...calls.en,
  ...leads.en,
  ...scenes.en,
  ...tasks.en,
  ...followups.en,
  ...widget.en,
  ...cases.en,
  ...admin.en,
};
