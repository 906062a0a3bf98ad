/** A button that changes something: it cannot be pressed, and says why, once the daemon has told that the user only reads. */
import { Button, Tooltip, type ButtonProps } from 'antd';
import { useRights } from '../app/rights';
import { useText } from '../i18n';

export function WriteButton(props: ButtonProps) {
  const t = useText();
  const { mayWrite } = useRights();
  if (mayWrite) return <Button {...props} />;
  return (
    <Tooltip title={t('rights.read_only')}>
      <Button {...props} disabled title={t('rights.read_only')} />
    </Tooltip>
  );
}
