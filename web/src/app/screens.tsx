/**
 * Every screen, drawer and overlay of the console, each loaded when it is first needed. To add one: write
 * src/screens/<name>/, add its words.ts to i18n/words.ts, and a line here. A menu entry is there when its screen is.
 */
import { FileTextOutlined, HomeOutlined, SafetyCertificateOutlined, SolutionOutlined, TeamOutlined } from '@ant-design/icons';
import type { ComponentType, ReactNode } from 'react';
import type { PlainKey } from '../i18n';

type Load<Props = object> = () => Promise<{ default: ComponentType<Props> }>;

export interface Screen {
  /** Path below the frame, as the router writes it. */
  path: string;
  load: Load;
  /** In the header's navigation, in this order; without it the screen is reached from others. */
  menu?: { label: PlainKey; icon: ReactNode };
}

/** What every drawer is given; parts/SideDrawer takes it as it is. */
export interface DrawerProps {
  open: boolean;
  /** How many drawers lie below it. */
  level: number;
  onClose: () => void;
}

export interface DrawerEntry {
  /** Its name in the address: `?drawer=monitor.calls`. */
  name: string;
  load: Load<DrawerProps>;
  /** Search parameters that belong to it and go when it is closed. */
  parameters: readonly string[];
}

export const screens: readonly Screen[] = [
  { path: '/', load: () => import('../screens/home/Home'), menu: { label: 'home.menu', icon: <HomeOutlined /> } },
  { path: '/leads', load: () => import('../screens/leads/Leads'), menu: { label: 'leads.menu', icon: <TeamOutlined /> } },
  { path: '/scenes', load: () => import('../screens/scenes/Scenes'), menu: { label: 'scenes.menu', icon: <FileTextOutlined /> } },
  { path: '/cases', load: () => import('../screens/cases/CaseList'), menu: { label: 'case.menu', icon: <SolutionOutlined /> } },
  { path: '/cases/:ref', load: () => import('../screens/cases/CasePage') },
  { path: '/admin', load: () => import('../screens/admin/Admin'), menu: { label: 'admin.menu', icon: <SafetyCertificateOutlined /> } },
];

export const drawers: readonly DrawerEntry[] = [
  { name: 'monitor', load: () => import('../screens/monitor/MonitorDrawer'), parameters: [] },
  {
    name: 'calls',
    load: () => import('../screens/calls/CallStatusDrawer'),
    parameters: ['task', 'page', 'size', 'interest', 'outcome', 'followed', 'list'],
  },
  { name: 'call', load: () => import('../screens/calls/CallDrawer'), parameters: ['call'] },
  { name: 'case-call', load: () => import('../screens/cases/CaseCallDrawer'), parameters: ['job'] },
  { name: 'create', load: () => import('../screens/tasks/TaskCreationDrawer'), parameters: [] },
  { name: 'tasks', load: () => import('../screens/tasks/TaskListDrawer'), parameters: ['state'] },
  { name: 'task', load: () => import('../screens/tasks/TaskDetailDrawer'), parameters: ['task', 'run'] },
  { name: 'select', load: () => import('../screens/tasks/TaskSelectionModal'), parameters: ['for'] },
  {
    name: 'follow-ups',
    load: () => import('../screens/followups/FollowUpDrawer'),
    parameters: ['task', 'page', 'size', 'interest', 'followed'],
  },
  { name: 'lead', load: () => import('../screens/leads/LeadDrawer'), parameters: ['lead'] },
  { name: 'import', load: () => import('../screens/leads/ImportDrawer'), parameters: [] },
  { name: 'scene', load: () => import('../screens/scenes/SceneDrawer'), parameters: ['scene'] },
  { name: 'new-scene', load: () => import('../screens/scenes/SceneCreationDrawer'), parameters: [] },
];

/** Shown on every page while somebody is logged in, above everything else. */
export const overlays: readonly { name: string; load: Load }[] = [
  { name: 'widget', load: () => import('../screens/widget/CallWidget') },
];
