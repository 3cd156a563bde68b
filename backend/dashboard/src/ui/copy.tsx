import { useRef, useState } from 'preact/hooks'
import { showUpdate } from '../lib/updates'
import { Button } from './button'

/** Copies a text; if the browser refuses, the reader can select it. */
export function Copy({ text, label, children }: { text: string; label: string; children?: string }) {
  const [done, setDone] = useState(false)
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null)
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text)
      setDone(true)
      if (timer.current !== null) clearTimeout(timer.current)
      timer.current = setTimeout(() => setDone(false), 2000)
    } catch {
      // No clipboard without https or permission.
      showUpdate('The browser does not allow copying; select the text and copy it yourself.', 'bad')
    }
  }
  return (
    <Button small kind="plain" icon={done ? 'check' : 'copy'} label={done ? 'Copied' : label} onClick={() => void copy()}>
      {children && (done ? 'Copied' : children)}
    </Button>
  )
}
