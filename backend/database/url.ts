/*
 * URLs of databases. libpq and the driver accept one without a host whose socket folder is a parameter
 * (`postgresql://user@/name?host=/var/run/postgresql`), which the standard parser of URLs refuses.
 */

const NO_HOST = 'socket.invalid'

/** @throws {TypeError} when it is not a URL */
function parse(url: string): URL {
  return new URL(URL.canParse(url) ? url : url.replace('@/', `@${NO_HOST}/`))
}

/** Whether the driver understands the URL. */
export function isDatabaseUrl(url: string): boolean {
  try {
    return ['postgres:', 'postgresql:'].includes(parse(url).protocol)
  } catch {
    // Not a URL.
    return false
  }
}

/** Where the server is, as people write it: `host:port`, or the folder of its socket. */
export function placeOf(url: string): string {
  const { hostname, port, searchParams } = parse(url)
  const host = searchParams.get('host') ?? decodeURIComponent(hostname)
  if (host.startsWith('/')) return host
  return `${host || 'localhost'}:${searchParams.get('port') ?? (port || 5432)}`
}

/** The role in a URL; empty without one. */
export function roleOf(url: string): string {
  const { username, searchParams } = parse(url)
  return searchParams.get('user') ?? decodeURIComponent(username)
}

/** The name of the database; empty for the default one. */
export const databaseOf = (url: string): string => decodeURIComponent(parse(url).pathname.slice(1))

/** The same server and role with another database. */
export function withDatabase(url: string, database: string): string {
  const other = parse(url)
  other.pathname = `/${encodeURIComponent(database)}`
  return other.href.replace(`@${NO_HOST}/`, '@/')
}

/** A URL's database and server, without the password. */
export const nameOf = (url: string): string => `${databaseOf(url) || 'the default database'} at ${placeOf(url)}`
