import '@ionic/react/css/core.css';
import '@ionic/react/css/normalize.css';
import '@ionic/react/css/structure.css';
import '@ionic/react/css/typography.css';
import '@ionic/react/css/palettes/dark.system.css';
import './theme/theme.css';
import { setupIonicReact } from '@ionic/react';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './shell/app.tsx';
import { prefersReducedMotion } from './theme/reduced-motion.ts';

setupIonicReact({
  animated: !prefersReducedMotion(),
  rippleEffect: !prefersReducedMotion(),
  // After a change of screen, screen readers start at its heading.
  focusManagerPriority: ['heading', 'banner', 'content'],
});

const root = document.getElementById('root');
if (!root) throw new Error('index.html has no #root');
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
