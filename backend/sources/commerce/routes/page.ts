import type { Refused } from '../../../base/errors'
import type { AccountInfo } from '../../../contract'

/*
 * The small page that a user sees after allowing access. It loads nothing and holds no token.
 */

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
const escaped = (text: string): string => text.replace(/[&<>"']/g, (one) => ENTITIES[one] ?? one)

const pageOf = (title: string, sentences: readonly string[]): string => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escaped(title)}</title>
<h1>${escaped(title)}</h1>
${sentences.map((one) => `<p>${escaped(one)}</p>`).join('\n')}
</html>
`

/** What Etsy's API terms require where people see it. */
const ETSY_NOTICE =
  "The term 'Etsy' is a trademark of Etsy, Inc. This application uses the Etsy API but is not endorsed or certified by Etsy, Inc."

/** What was connected. */
export const connectedPage = (accounts: readonly AccountInfo[]): string =>
  pageOf('Connected', [
    ...accounts.flatMap(({ account, name, notes }) => [`${name ? `${name} (${account})` : account} is connected.`, ...notes]),
    'You may close this page.',
    ...(accounts.some(({ platform }) => platform === 'etsy') ? [ETSY_NOTICE] : []),
  ])

/** Why nothing was connected. */
export const refusedPage = ({ message }: Refused): string => pageOf('Not connected', [message])
