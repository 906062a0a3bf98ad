/** Asks for the next page when the end of a list comes into sight, and offers a button to those who do not scroll. */
import { Button, Spin } from 'antd';
import { useEffect, useRef } from 'react';
import { useText } from '../i18n';

interface ListEndProps {
  hasMore: boolean;
  loading: boolean;
  onMore: () => void;
  /** Said when everything is shown. */
  end: string;
}

export function ListEnd({ hasMore, loading, onMore, end }: ListEndProps) {
  const t = useText();
  const mark = useRef<HTMLDivElement>(null);
  const latest = useRef(onMore);
  useEffect(() => {
    latest.current = onMore;
  });
  useEffect(() => {
    if (!hasMore || loading || !mark.current) return undefined;
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.some((entry) => entry.isIntersecting)) latest.current();
      },
      { rootMargin: '200px' },
    );
    observer.observe(mark.current);
    return () => observer.disconnect();
  }, [hasMore, loading]);
  return (
    <div ref={mark} className="list-end">
      {loading && <Spin size="small" />}
      {!loading && hasMore && <Button onClick={onMore}>{t('list.more')}</Button>}
      {!hasMore && <span>{end}</span>}
    </div>
  );
}
