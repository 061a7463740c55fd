import { useIonToast } from '@ionic/react';

const SHORT_MS = 2_500;
const LONG_MS = 5_000;

/** Says a sentence above the tabs for a moment; longer when it is about something that went wrong. */
export function useNote(): (message: string, kind?: 'done' | 'failed') => void {
  const [present] = useIonToast();
  return (message, kind = 'done') => {
    const duration = kind === 'done' ? SHORT_MS : LONG_MS;
    // In a wide window the tabs stand at the side, see shell/screens.css.
    const isWide = window.matchMedia('(min-width: 900px)').matches;
    void present({ message, duration, position: 'bottom', ...(!isWide && { positionAnchor: 'tabs' }) });
  };
}
