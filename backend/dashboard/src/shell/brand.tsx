import { Link } from 'wouter-preact'

export function Brand() {
  return (
    <Link href="/" class="brand">
      <img src="/favicon.svg" width="22" height="22" alt="" />
      Backhaul
    </Link>
  )
}
