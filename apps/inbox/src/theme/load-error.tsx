import { cloudOfflineOutline } from 'ionicons/icons';
import { failureCode } from '../api/failure.ts';
import { useTexts } from '../texts/texts-context.tsx';
import { PageState } from './page-state.tsx';

interface LoadErrorProps {
  readonly title: string;
  readonly error: unknown;
  readonly onRetry: () => void;
}

export function LoadError({ title, error, onRetry }: LoadErrorProps) {
  const { common } = useTexts();
  const code = failureCode(error);
  const hint = code === 'unreachable' || code === 'busy' ? common.unreachable : common.failed;
  return (
    <PageState
      isError
      icon={cloudOfflineOutline}
      title={title}
      hint={hint}
      action={{ label: common.retry, onClick: onRetry }}
    />
  );
}
