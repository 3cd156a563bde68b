import { useLocation, useSearch } from 'wouter-preact'

export interface UrlParams {
  get(name: string): string
  /** Changes some and removes empty ones; `replace` leaves no entry in the history. */
  set(changes: Record<string, string | null>, options?: { replace?: boolean }): void
  /** The address with these changes, for links. */
  href(changes: Record<string, string | null>): string
}

/** The state of the page, kept in its URL. */
export function useParams(): UrlParams {
  const [path, navigate] = useLocation()
  const search = useSearch()
  const href = (changes: Record<string, string | null>) => {
    const params = new URLSearchParams(search)
    for (const [name, value] of Object.entries(changes)) {
      if (value) params.set(name, value)
      else params.delete(name)
    }
    const text = params.toString().replaceAll('%2C', ',')
    return text ? `${path}?${text}` : path
  }
  return {
    get: (name) => new URLSearchParams(search).get(name) ?? '',
    set: (changes, options) => navigate(href(changes), options),
    href,
  }
}
