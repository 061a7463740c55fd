import type { CSSProperties } from 'react';

/** The service's own colour, `color` six hex digits. Decoration only: the name always stands beside it. */
export function ServiceDot({ color }: { readonly color: string }) {
  const style = /^[0-9a-f]{6}$/i.test(color) ? ({ '--service-color': `#${color}` } as CSSProperties) : {};
  return <span className="service-dot" style={style} aria-hidden="true" />;
}
