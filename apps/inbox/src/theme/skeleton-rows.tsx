import { IonSkeletonText } from '@ionic/react';
import { useTexts } from '../texts/texts-context.tsx';
import { prefersReducedMotion } from './reduced-motion.ts';

/** Rows of the size of the real ones, so that nothing moves when they arrive. */
export function SkeletonRows({ count }: { readonly count: number }) {
  const { common } = useTexts();
  const animated = !prefersReducedMotion();
  return (
    <div role="status" aria-label={common.loading}>
      {Array.from({ length: count }, (_, row) => row).map((row) => (
        <div className="skeleton-row" key={row}>
          <IonSkeletonText animated={animated} style={{ width: '30%' }} />
          <IonSkeletonText animated={animated} style={{ width: '65%' }} />
          <IonSkeletonText animated={animated} style={{ width: '85%' }} />
        </div>
      ))}
    </div>
  );
}
