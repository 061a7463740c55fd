/** Addresses of the app's screens. The service worker answers these, and only these, from its kept page. */
export const ROUTES = { messages: '/messages', services: '/services', settings: '/settings' } as const;

export const messagePath = (id: number) => `${ROUTES.messages}/${id}`;

export function isScreen(path: string): boolean {
  return (
    path === '/' || Object.values(ROUTES).some((route) => path === route || path.startsWith(`${route}/`))
  );
}
