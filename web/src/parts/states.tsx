/** The three states that every list and figure has beside its data: on the way, nothing there, failed. */
import { Alert, Button, Empty, Spin } from 'antd';
import type { ReactNode } from 'react';
import { asApiError } from '../api/errors';
import { useText } from '../i18n';

/** On the way. Says so to screen readers, too. */
export function Loading({ height = 240 }: { height?: number }) {
  const t = useText();
  return (
    <div className="state" style={{ minHeight: height }} role="status">
      <Spin />
      <span>{t('state.loading')}</span>
    </div>
  );
}

/** Nothing there; `text` says what would be here, `action` how to get it. */
export function Nothing({ text, action, height = 240 }: { text?: string; action?: ReactNode; height?: number }) {
  const t = useText();
  return (
    <div className="state" style={{ minHeight: height }}>
      <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={text ?? t('state.empty')}>
        {action}
      </Empty>
    </div>
  );
}

/** Failed: why, the request's number for the administrator, and another try. */
export function Failed({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const t = useText();
  const { message, requestId } = asApiError(error);
  return (
    <Alert
      type="error"
      showIcon
      className="failed"
      title={message || t('state.failed')}
      description={requestId ? t('state.request', { id: requestId }) : undefined}
      action={onRetry && <Button size="small" onClick={onRetry}>{t('state.retry')}</Button>}
    />
  );
}
