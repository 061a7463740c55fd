/** Addresses of the app's screens. The service worker answers these, and only these, from its kept page. */
export const ROUTES = {
  messages: '/messages',
  services: '/services',
  settings: '/settings',
  /** Where a one-time link leads, its code behind the `#`. */
  welcome: '/welcome',
} as const;

export const SETTINGS = {
  pair: `${ROUTES.settings}/pair`,
  devices: `${ROUTES.settings}/devices`,
  logins: `${ROUTES.settings}/logins`,
  deleteAccount: `${ROUTES.settings}/delete-account`,
} as const;

export const messagePath = (id: number) => `${ROUTES.messages}/${id}`;

export function isScreen(path: string): boolean {
  return (
    path === '/' || Object.values(ROUTES).some((route) => path === route || path.startsWith(`${route}/`))
  );
}
