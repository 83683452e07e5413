/** What is known of the changes of a service, of an incident each. */

/** See `ToldAttribution`. */
export interface AttributionTable {
  incident_id: number;
  judged_ms: number;
  /** What the one on call reads first; empty where nothing is known. */
  advice: string;
  /** JSON: `ToldAttribution`. */
  told: string;
}

/** See `ToldCommits`. */
export interface CommitsTable {
  incident_id: number;
  told_ms: number;
  told_by: string;
  /** JSON: `ToldCommits`. */
  told: string;
}

/** The tables of this folder. */
export interface AttributionSchema {
  attributions: AttributionTable;
  incident_commits: CommitsTable;
}
