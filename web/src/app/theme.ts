/** Looks of the console: antd tokens with contrasts of WCAG AA, fonts that Chinese systems have, and figures for charts. */
import type { ThemeConfig } from 'antd';

export const fontFamily =
  'system-ui, -apple-system, "Segoe UI", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "WenQuanYi Micro Hei", sans-serif';

/** Colours by meaning; charts, progress and tags use the same. Each has 4.5:1 or more on white. */
export const palette = {
  brand: '#1557c0',
  ink: '#14233b',
  success: '#237804',
  warning: '#874d00',
  danger: '#b3261e',
  running: '#0958d9',
  waiting: '#5b6b84',
  line: '#e3e8f0',
  canvas: '#f3f6fb',
} as const;

export const theme: ThemeConfig = {
  hashed: false,
  token: {
    // antd then waits for no end of a motion, of which there is none (app.css).
    motion: !window.matchMedia('(prefers-reduced-motion: reduce)').matches,
    fontFamily,
    colorPrimary: palette.brand,
    colorLink: palette.brand,
    colorError: palette.danger,
    colorErrorBg: '#fff1f0',
    colorErrorBorder: '#ffccc7',
    colorTextDescription: 'rgba(0,0,0,.65)',
    colorTextTertiary: 'rgba(0,0,0,.62)',
    colorTextPlaceholder: 'rgba(0,0,0,.58)',
    colorSuccess: palette.success,
    colorSuccessBg: '#f6ffed',
    colorSuccessBorder: '#b7eb8f',
    colorWarning: palette.warning,
    colorWarningBg: '#fffbe6',
    colorWarningBorder: '#ffe58f',
    colorInfo: palette.running,
    colorInfoBg: '#e6f4ff',
    colorInfoBorder: '#91caff',
    colorBgLayout: palette.canvas,
    colorText: palette.ink,
    borderRadius: 8,
  },
  components: {
    Drawer: { paddingLG: 20 },
    Table: { headerBg: '#f7f9fc', headerColor: '#40506b' },
  },
};
