/** What one does with tasks from the home page: make one, see all, look at follow-ups or calls of one. */
import { AuditOutlined, PhoneOutlined, PlusOutlined, UnorderedListOutlined } from '@ant-design/icons';
import { Button } from 'antd';
import { useDrawers } from '../../app/drawers';
import { useText } from '../../i18n';
import { WriteButton } from '../../parts/WriteButton';

export function TaskActions() {
  const t = useText();
  const { open } = useDrawers();
  return (
    <section className="task-actions" aria-label={t('tasks.actions')}>
      <WriteButton type="primary" icon={<PlusOutlined />} onClick={() => open('create')}>
        {t('tasks.create')}
      </WriteButton>
      <Button icon={<UnorderedListOutlined />} onClick={() => open('tasks')}>
        {t('tasks.list')}
      </Button>
      <Button icon={<PhoneOutlined />} onClick={() => open('select', { for: 'calls' })}>
        {t('tasks.calls')}
      </Button>
      <Button icon={<AuditOutlined />} onClick={() => open('select', { for: 'follow-ups' })}>
        {t('tasks.follow_ups')}
      </Button>
    </section>
  );
}
