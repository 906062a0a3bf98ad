/**
 * Every screen, drawer and overlay of the console, each loaded when it is first needed. To add one: write
 * src/screens/<name>/, add its words.ts to i18n/words.ts, and a line here. A menu entry is there when its screen is.
 */
import { HomeOutlined, SafetyCertificateOutlined, SolutionOutlined } from '@ant-design/icons';
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
  { path: '/cases', load: () => import('../screens/cases/CaseList'), menu: { label: 'case.menu', icon: <SolutionOutlined /> } },
  { path: '/cases/:ref', load: () => import('../screens/cases/CasePage') },
  { path: '/admin', load: () => import('../screens/admin/Admin'), menu: { label: 'admin.menu', icon: <SafetyCertificateOutlined /> } },
];

export const drawers: readonly DrawerEntry[] = [
  { name: 'monitor', load: () => import('../screens/monitor/MonitorDrawer'), parameters: [] },
  {
    name: 'calls',
    load: () => import('../screens/calls/CallStatusDrawer'),
    parameters: ['task', 'page', 'size', 'interest', 'followed'],
  },
  { name: 'call', load: () => import('../screens/calls/CallDrawer'), parameters: ['call'] },
  { name: 'case-call', load: () => import('../screens/cases/CaseCallDrawer'), parameters: ['job'] },
];

/** Shown on every page while somebody is logged in, above everything else. */
export const overlays: readonly { name: string; load: Load }[] = [
  { name: 'widget', load: () => import('../screens/widget/CallWidget') },
];
