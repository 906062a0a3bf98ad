/** What is shown when drawing a part of the page failed: the page says so instead of turning white. */
import { Button, Result, Typography } from 'antd';
import { Component, type ReactNode } from 'react';
import { useRouteError } from 'react-router-dom';
import { useText } from '../i18n';

function Broken({ error }: { error: unknown }) {
  const t = useText();
  return (
    <Result
      status="error"
      title={t('state.broken')}
      subTitle={t('state.broken_hint')}
      extra={
        <Button type="primary" onClick={() => location.reload()}>
          {t('state.reload')}
        </Button>
      }
    >
      <Typography.Text code>{error instanceof Error ? error.message : String(error)}</Typography.Text>
    </Result>
  );
}

export class ErrorBoundary extends Component<{ children: ReactNode }, { error: unknown }> {
  override state: { error: unknown } = { error: null };

  static getDerivedStateFromError(error: unknown): { error: unknown } {
    return { error };
  }

  override render(): ReactNode {
    return this.state.error === null ? this.props.children : <Broken error={this.state.error} />;
  }
}

/** The same for what the router catches, such as a screen that could not be loaded. */
export function RouteError() {
  return <Broken error={useRouteError()} />;
}
