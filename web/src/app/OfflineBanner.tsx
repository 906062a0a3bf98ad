/** Says that the network is gone, and goes when it is back. */
import { DisconnectOutlined } from '@ant-design/icons';
import { useSyncExternalStore } from 'react';
import { useText } from '../i18n';

function subscribe(listener: () => void): () => void {
  window.addEventListener('online', listener);
  window.addEventListener('offline', listener);
  return () => {
    window.removeEventListener('online', listener);
    window.removeEventListener('offline', listener);
  };
}

export function OfflineBanner() {
  const t = useText();
  const online = useSyncExternalStore(subscribe, () => navigator.onLine);
  return (
    <div role="status" aria-live="polite">
      {!online && (
        <p className="offline-banner">
          <DisconnectOutlined aria-hidden />
          <strong>{t('offline.title')}</strong>
          <span>{t('offline.text')}</span>
        </p>
      )}
    </div>
  );
}
