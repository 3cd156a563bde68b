import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { useLocation } from 'wouter-preact'
import { AlertsButton } from '../alerts/alerts-button'
import { Tray } from '../alerts/tray'
import { useKeptFocus } from '../hooks/use-kept-focus'
import { useMe } from '../hooks/use-me'
import { OpenPalette, openPalette } from '../palette/open-palette'
import { Button } from '../ui/button'
import { Dialog } from '../ui/dialog'
import { Banner } from './banner'
import { Brand } from './brand'
import { Confirm } from './confirm'
import { Nav } from './nav'
import { useOverviewPoll } from './overview'
import { RailFoot } from './rail-foot'
import { Toasts } from './toasts'

/** On a new page, moves the focus to its heading, as after a page load. */
function useFocusOnPage(): void {
  const [path] = useLocation()
  const first = useRef(true)
  // Only a change of the path moves the focus.
  useEffect(() => {
    if (first.current) {
      first.current = false
      return
    }
    window.scrollTo(0, 0)
    document.querySelector<HTMLElement>('main h1')?.focus({ preventScroll: true })
  }, [path])
}

/** The frame around every page. */
export function Shell({ children }: { children: ComponentChildren }) {
  const [open, setOpen] = useState(false)
  const { canWrite } = useMe()
  const [path] = useLocation()
  useFocusOnPage()
  useKeptFocus()
  useOverviewPoll()
  // Opening a page closes the menu.
  useEffect(() => setOpen(false), [path])
  return (
    <>
      <a class="skip" href="#main">
        Skip to content
      </a>
      <header class="topbar">
        <Brand />
        {canWrite && (
          <Button small kind="primary" icon="plus" href="/new">
            New
          </Button>
        )}
        <AlertsButton />
        <Button small icon="search" label="Go to or do (Ctrl+K)" onClick={openPalette} />
        <Button small icon="menu" label="Menu" onClick={() => setOpen(true)} />
      </header>
      {open && (
        <Dialog kind="drawer" title="Menu" onClose={() => setOpen(false)}>
          <Rail onClose={() => setOpen(false)} />
        </Dialog>
      )}
      <div class="shell">
        <Rail />
        <div>
          <Banner />
          <main class="main" id="main" tabIndex={-1}>
            {children}
          </main>
        </div>
      </div>
      <Tray />
      <OpenPalette />
      <Confirm />
      <Toasts />
    </>
  )
}

function Rail({ onClose }: { onClose?: () => void }) {
  return (
    <aside class="rail" aria-label="Navigation">
      <div class="row spread">
        <Brand />
        {!onClose && <AlertsButton />}
        {!onClose && <Button small kind="plain" icon="search" label="Go to or do (Ctrl+K)" onClick={openPalette} />}
        {onClose && <Button small kind="plain" icon="close" label="Close the menu" onClick={onClose} />}
      </div>
      <Nav />
      <RailFoot />
    </aside>
  )
}
