import { useState } from 'preact/hooks'
import { post, session } from '../api/client'
import { useMe } from '../hooks/use-me'
import { nextTheme, setTheme, type Theme, theme } from '../lib/theme'
import { attempt } from '../lib/updates'
import { Button } from '../ui/button'
import type { IconName } from '../ui/icon'

const THEMES: Record<Theme, { icon: IconName; text: string }> = {
  system: { icon: 'screen', text: 'system' },
  light: { icon: 'sun', text: 'light' },
  dark: { icon: 'moon', text: 'dark' },
}
const WHO: Record<string, string> = { admin: 'Signed in as admin', reader: 'Signed in, read-only', local: 'Open to this machine only' }

/** Who is logged in, the theme, and log out. */
export function RailFoot() {
  const me = useMe()
  const [current, setCurrent] = useState(theme())
  const change = () => {
    const next = nextTheme(current)
    setTheme(next)
    setCurrent(next)
  }
  const leave = () => attempt(() => post('/api/logout')).then(() => session.set('out'))
  return (
    <div class="rail-foot">
      {me.sandbox && (
        <span class="tag" title="No requests go to real APIs">
          Sandbox
        </span>
      )}
      <span>
        {WHO[me.who] ?? me.who} · {me.version}
      </span>
      <div class="row">
        <Button
          small
          kind="plain"
          icon={THEMES[current].icon}
          label={`Theme: ${THEMES[current].text}. Change to ${THEMES[nextTheme(current)].text}`}
          onClick={change}
        />
        <Button small kind="plain" href="/docs">
          API
        </Button>
        {me.tokenNeeded && (
          <Button small kind="plain" icon="out" onClick={() => void leave()}>
            Log out
          </Button>
        )}
      </div>
    </div>
  )
}
