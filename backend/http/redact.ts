const HIDDEN = '***'
const SECRET_NAME = /token|secret|password|api[-_]?key|authorization|cookie|signature|credential/i
const IN_QUERY = /([?&][^=&\s]*(?:token|secret|password|key|signature|credential|code)[^=&\s]*=)[^&\s"']+/gi
const IN_HEADER = /\b(Bearer|Basic|Token)\s+[\w.~+/=-]{6,}/g
const IN_JSON = /("[^"]*(?:token|secret|password|api_?key|credential)[^"]*"\s*:\s*")[^"]+/gi

/** Header values that must never be shown: whole, and without the scheme that stands before a token. */
export const secretsOf = (headers: Record<string, string>): string[] =>
  Object.entries(headers)
    .filter(([name]) => SECRET_NAME.test(name))
    .flatMap(([, value]) => [value, value.replace(/^\w+\s+/, '')])
    .filter((value) => value.length > 3)

/** The text without tokens, keys and passwords, as far as they can be told by where they stand or are among `secrets`. */
export function redact(text: string, secrets: readonly string[] = []): string {
  const bare = secrets.reduce((rest, secret) => rest.replaceAll(secret, HIDDEN), text)
  return bare.replace(IN_QUERY, `$1${HIDDEN}`).replace(IN_HEADER, `$1 ${HIDDEN}`).replace(IN_JSON, `$1${HIDDEN}`)
}

/** The start of an answer, on one line, for an error a person reads. */
export const excerpt = (text: string, secrets: readonly string[] = [], length = 160): string =>
  redact(text.slice(0, length * 4), secrets)
    // NUL, which no text column takes, among them.
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim()
    .slice(0, length)
