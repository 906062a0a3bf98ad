/** Chooses a task that was started, to see its calls or its follow-ups. */
import { Modal } from 'antd';
import { useState } from 'react';
import type { TaskType } from '../../api/types';
import { useDrawers } from '../../app/drawers';
import type { DrawerProps } from '../../app/screens';
import { useText } from '../../i18n';
import { TaskList } from './TaskList';

const started: readonly TaskType[] = [2, 3, 4, 5];

/** Above the drawers. */
const layer = 950;

export default function TaskSelectionModal({ open, onClose }: DrawerProps) {
  const t = useText();
  const drawers = useDrawers();
  const follow = drawers.search.get('for') === 'follow-ups';
  const [type, setType] = useState<TaskType | 0>(0);
  return (
    <Modal
      open={open}
      onCancel={onClose}
      footer={null}
      zIndex={layer}
      width={560}
      title={t(follow ? 'tasks.select_follow' : 'tasks.select_calls')}
      destroyOnHidden
    >
      <div className="task-selection" tabIndex={0} role="region" aria-label={t('tasks.list')}>
        <TaskList
          types={started}
          type={type}
          onType={setType}
          enabled={open}
          label={(name) => t('tasks.choose', { name })}
          onTask={({ id }) => drawers.instead('select', follow ? 'follow-ups' : 'calls', { task: id, ...(follow ? { followed: 1 } : {}) })}
        />
      </div>
    </Modal>
  );
}
