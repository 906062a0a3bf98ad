/** The frame of every drawer: from the right, as wide as the screen at most, above the drawers that were open before. */
import { Drawer } from 'antd';
import type { ReactNode } from 'react';
import type { DrawerProps } from '../app/screens';

interface SideDrawerProps extends DrawerProps {
  /** Names the dialog for screen readers; what else stands in the head is `extra`. */
  title: string;
  extra?: ReactNode;
  /** Pixels, where the screen has them. */
  width: number;
  children: ReactNode;
}

/** Below antd's own pop-ups, which begin at 1000. */
const lowestLayer = 900;

export function SideDrawer({ open, level, onClose, title, extra, width, children }: SideDrawerProps) {
  return (
    <Drawer
      open={open}
      onClose={onClose}
      title={title}
      extra={extra}
      size={width}
      zIndex={lowestLayer + level}
      push={false}
      destroyOnHidden
      classNames={{ wrapper: 'side-drawer', body: 'side-drawer-body' }}
    >
      {/* A region that scrolls must be reached by the keyboard, also when nothing in it can be. */}
      <div className="side-drawer-scroll" tabIndex={0} role="region" aria-label={title}>
        {children}
      </div>
    </Drawer>
  );
}
