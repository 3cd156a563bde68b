import type { Reader } from '../base/sql'
import type { AlertTarget } from '../base/vocabulary'
import type { SettingValues } from './settings'

/** A condition of a source that needs a person. Its alerts last as long as it finds their subjects. */
export interface AlertCheck {
  /** What it finds, in a sentence. */
  about: string
  /**
   * Reads the database. Called once a minute, in parallel with other work; each statement may take 5 s, so it should use an index. When
   * it fails, the failure is logged and the alerts stay as they are.
   */
  find(db: Reader, settings: SettingValues, work: SourceWork): Promise<AlertFound[]>
}

/** What waits of a source. */
export interface SourceWork {
  /**
   * Ids of admitted jobs with tasks that are due and that no worker has taken, at most 20.
   * @param ms for at least so long
   */
  untaken(ms: number): Promise<string[]>
}

export interface AlertFound {
  /** Names what is wrong; the same subject is one alert however often it is found. */
  subject: string
  /**
   * A sentence for people, without figures that keep changing: a new message updates the alert, and publishes no second event. It is
   * read in the console too, so what to run at the command line is the hint.
   */
  message: string
  /** What to run at the command line: `yarn jobs show 1a2b3c4d`. */
  hint?: string
  /** What it is about; pages lead there. */
  target?: AlertTarget
}
