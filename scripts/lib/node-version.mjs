/** Oldest Node that loads ES modules with `require`, which some dependencies need. */
const OLDEST = { major: 20, minor: 19 };

/**
 * What is wrong with a Node version, as a sentence, or null.
 * @param {string} version such as `20.19.0`
 */
export function nodeComplaint(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > OLDEST.major || (major === OLDEST.major && minor >= OLDEST.minor)) return null;
  return `Tocsin needs Node ${OLDEST.major}.${OLDEST.minor} or newer; this is Node ${version}. Install a newer one and try again.`;
}
