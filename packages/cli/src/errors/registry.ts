/** Codes of every error that `ebb` itself reports. Stable: scripts and documentation may rely on them. */
export type CliErrorCode =
  | 'EBB_CLI_UNKNOWN_COMMAND'
  | 'EBB_CLI_UNKNOWN_OPTION'
  | 'EBB_CLI_MISSING_ARGUMENT'
  | 'EBB_CLI_BAD_VALUE'
  | 'EBB_CLI_USAGE'
  | 'EBB_CLI_COMMAND_NOT_FOUND'
  | 'EBB_CLI_COMMAND_NOT_EXECUTABLE'
  | 'EBB_CLI_COMMAND_NOT_STARTED'
  | 'EBB_CLI_NO_NODE_PROCESS'
  | 'EBB_CLI_NOT_WATCHED'
  | 'EBB_CLI_WATCHED_ALREADY'
  | 'EBB_CLI_REPORT_PLACE'
  | 'EBB_CLI_REPORT_NOT_WRITTEN'
  | 'EBB_CLI_SNAPSHOT_DIRECTORY'
  | 'EBB_CLI_CAPTURE_FAILED'
  | 'EBB_CLI_ANALYSIS_FAILED'
  | 'EBB_CLI_ROOT'
  | 'EBB_CLI_OUTSIDE_ROOT'
  | 'EBB_CLI_STALE_CURSOR'
  | 'EBB_CLI_NO_SOURCE'
  | 'EBB_CLI_SNAPSHOT_TOO_LARGE'
  | 'EBB_CLI_TOO_MANY_OPEN'
  | 'EBB_CLI_LOG_UNREADABLE'
  | 'EBB_CLI_SERIES_UNREADABLE'
  | 'EBB_CLI_SERIES_HEADER'
  | 'EBB_CLI_SERIES_ROWS'
  | 'EBB_CLI_SERIES_ROW'
  | 'EBB_CLI_REVIEW_BASE'
  | 'EBB_CLI_REVIEW_FOLDER'
  | 'EBB_CLI_REVIEW_BASELINE'
  | 'EBB_CLI_REVIEW_UNREAD'
  | 'EBB_CLI_AUDIT_NO_LOCKFILE'
  | 'EBB_CLI_AUDIT_LOCKFILE'
  | 'EBB_CLI_SOAK_ROUTE'
  | 'EBB_CLI_SOAK_ROUTES'
  | 'EBB_CLI_SOAK_BUDGET'
  | 'EBB_CLI_SOAK_NO_AGENT'
  | 'EBB_CLI_SOAK_NOT_LISTENING'
  | 'EBB_CLI_SOAK_ENDED'
  | 'EBB_CLI_SOAK_SEVERAL'
  | 'EBB_CLI_SOAK_ROUTE_FAILED'
  | 'EBB_CLI_SOAK_NO_EVIDENCE'
  | 'EBB_CLI_SERVER_ADDRESS'
  | 'EBB_CLI_SERVER_TOKEN'
  | 'EBB_CLI_SERVER_AWAY'
  | 'EBB_CLI_SERVER_ANSWER'
  | 'EBB_CLI_DEMO_MISSING'
  | 'EBB_CLI_ROLLBACK_SERVICE'
  | 'EBB_CLI_ROLLBACK_VERSION'
  | 'EBB_CLI_ACTION_FAILED'
  | 'EBB_CLI_BLAME_GIT'
  | 'EBB_CLI_BLAME_REPOSITORY'
  | 'EBB_CLI_BLAME_REVISION'
  | 'EBB_CLI_BLAME_PLACE'
  | 'EBB_CLI_BLAME_REPORT'
  | 'EBB_CLI_TUNE_FAILING'
  | 'EBB_CLI_INTERNAL';

/** What a code means, what a reader can do about it, and how the process ends when it is fatal. */
export interface CliErrorEntry {
  /** 2: used wrongly or unreadable input; 3: Ebb could not finish; null: a warning, the command goes on. */
  readonly exitCode: 2 | 3 | null;
  /** One sentence on what happened, for the error list in the documentation. */
  readonly meaning: string;
  /** What to do next, in the words that are printed unless the place that throws knows better. */
  readonly next: string;
}

/** The one list of errors of this package; documentation and tests are held against it. */
export const CLI_ERRORS: Readonly<Record<CliErrorCode, CliErrorEntry>> = {
  EBB_CLI_UNKNOWN_COMMAND: {
    exitCode: 2,
    meaning: 'The first word after `ebb` is not one of its commands.',
    next: '`ebb --help` lists the commands',
  },
  EBB_CLI_UNKNOWN_OPTION: {
    exitCode: 2,
    meaning: 'The command has no such option.',
    next: '`ebb COMMAND --help` lists the options; options of your own program stand after `--`',
  },
  EBB_CLI_MISSING_ARGUMENT: {
    exitCode: 2,
    meaning: 'An argument or the value of an option is missing.',
    next: '`ebb COMMAND --help` shows how the command is used',
  },
  EBB_CLI_BAD_VALUE: {
    exitCode: 2,
    meaning: 'The value of an option is outside what the option takes.',
    next: '`ebb COMMAND --help` says what the option takes',
  },
  EBB_CLI_USAGE: {
    exitCode: 2,
    meaning: 'The command line could not be understood.',
    next: '`ebb --help` shows how Ebb is used',
  },
  EBB_CLI_COMMAND_NOT_FOUND: {
    exitCode: 2,
    meaning: 'The program given to `ebb watch` does not exist, or is not on the PATH.',
    next: 'check its spelling, or give its path',
  },
  EBB_CLI_COMMAND_NOT_EXECUTABLE: {
    exitCode: 2,
    meaning: 'The program given to `ebb watch` exists but may not be executed.',
    next: 'a script is started with its interpreter: `ebb watch -- node FILE`; otherwise `chmod +x FILE`',
  },
  EBB_CLI_COMMAND_NOT_STARTED: {
    exitCode: 2,
    meaning: 'The operating system refused to start the program given to `ebb watch`.',
    next: 'start it without Ebb to see whether it starts at all',
  },
  EBB_CLI_NO_NODE_PROCESS: {
    exitCode: null,
    meaning: 'The program ran, but no Node.js process in it connected to Ebb, so nothing was judged.',
    next: 'a program that ends at once is gone before it connects; otherwise, is it a Node.js program of version 20 or later? NODE_OPTIONS must reach it: sudo, containers and some wrappers drop the environment',
  },
  EBB_CLI_NOT_WATCHED: {
    exitCode: 3,
    meaning: "The process given to `ebb watch --pid` can be attached to, but Ebb's agent cannot run in it.",
    next: 'the message has the reason; to take a snapshot nothing has to run there: `ebb snapshot --pid PID --method inline`, which stops the process',
  },
  EBB_CLI_WATCHED_ALREADY: {
    exitCode: 2,
    meaning: 'The process given to `ebb watch --pid` is being watched by another `ebb watch`.',
    next: 'end the other watch first; the process runs on',
  },
  EBB_CLI_REPORT_PLACE: {
    exitCode: 2,
    meaning: 'The file given with --report or --html cannot be written; found before the work began.',
    next: 'give a file in a folder that exists and may be written to',
  },
  EBB_CLI_REPORT_NOT_WRITTEN: {
    exitCode: 3,
    meaning: 'The report could not be written to the file given with --report or --html.',
    next: 'give a file in a folder that exists and may be written to',
  },
  EBB_CLI_SNAPSHOT_DIRECTORY: {
    exitCode: 2,
    meaning: 'The folder for heap snapshots cannot be used.',
    next: 'give a folder that exists and may be written to, with --keep-snapshots or TMPDIR',
  },
  EBB_CLI_CAPTURE_FAILED: {
    exitCode: null,
    meaning: 'The program could not write a heap snapshot.',
    next: 'the reason is in the message; Ebb samples allocations instead, and tries again later',
  },
  EBB_CLI_ANALYSIS_FAILED: {
    exitCode: null,
    meaning: 'The heap snapshots could not be analysed.',
    next: 'keep them with --keep-snapshots DIR and run `ebb analyze` on them',
  },
  EBB_CLI_ROOT: {
    exitCode: 2,
    meaning: 'The folder given to `ebb mcp` with --root does not exist, or is no folder.',
    next: 'give a folder that exists',
  },
  EBB_CLI_OUTSIDE_ROOT: {
    exitCode: 2,
    meaning: 'A file was named that is not below the folder that `ebb mcp` may read.',
    next: 'name a file below the root, or start `ebb mcp` with another --root',
  },
  EBB_CLI_STALE_CURSOR: {
    exitCode: 2,
    meaning:
      'A cursor was handed back with another question than it came with, or the snapshot was written again since.',
    next: 'ask without a cursor, and go on with the one that comes back',
  },
  EBB_CLI_NO_SOURCE: {
    exitCode: 2,
    meaning:
      'A source file was asked for that the snapshot does not refer to, that is no code, or that cannot be read.',
    next: 'ask for a place that an answer about this snapshot named',
  },
  EBB_CLI_SNAPSHOT_TOO_LARGE: {
    exitCode: 2,
    meaning: 'A snapshot needs more memory than `ebb mcp` may use.',
    next: 'start `ebb mcp` with a larger --memory where the machine has it',
  },
  EBB_CLI_TOO_MANY_OPEN: {
    exitCode: 2,
    meaning: 'As many snapshots as `ebb mcp` may open are open and being asked.',
    next: 'ask again when an answer has come, or start `ebb mcp` with a larger --max-open or --memory',
  },
  EBB_CLI_LOG_UNREADABLE: {
    exitCode: 2,
    meaning: 'A log given to `ebb logs` does not exist, may not be read, or is damaged.',
    next: 'check its name and permissions; - is standard input',
  },
  EBB_CLI_SERIES_UNREADABLE: {
    exitCode: 2,
    meaning: 'A file given to `ebb judge` does not exist, may not be read, is damaged, or is no CSV.',
    next: 'check its name and permissions; - is standard input',
  },
  EBB_CLI_SERIES_HEADER: {
    exitCode: 2,
    meaning: 'The header of a file given to `ebb judge` does not say which column is the time and which is the memory.',
    next: 'the first line names the columns: time_s,bytes or Time and a column for each series; `ebb judge --help` lists all of them',
  },
  EBB_CLI_SERIES_ROWS: {
    exitCode: 2,
    meaning: 'A file given to `ebb judge` has no values, or more that cannot be read than that can.',
    next: 'times are seconds (time_s), or dates, or milliseconds since 1970 (Time); sizes are bytes, or have a unit',
  },
  EBB_CLI_SERIES_ROW: {
    exitCode: null,
    meaning: 'Some values of a file given to `ebb judge` cannot be read, and were left out.',
    next: 'mend the lines that the message names, if they matter',
  },
  EBB_CLI_REVIEW_BASE: {
    exitCode: 2,
    meaning: 'The revision given to `ebb review` with --base names no commit here.',
    next: 'check its spelling; a shallow clone has no history: fetch it (actions/checkout with fetch-depth: 0)',
  },
  EBB_CLI_REVIEW_FOLDER: {
    exitCode: 2,
    meaning: 'What was given to `ebb review` is no folder.',
    next: 'give the folder of the project, and --base for what changed in it',
  },
  EBB_CLI_REVIEW_BASELINE: {
    exitCode: 2,
    meaning: 'The file given to `ebb review` with --baseline does not exist, or is no baseline.',
    next: 'write one with --write-baseline FILE',
  },
  EBB_CLI_REVIEW_UNREAD: {
    exitCode: 2,
    meaning:
      'None of the files could be read by `ebb review`, because they are no code, or it was told with --fail-unread to read all.',
    next: 'mend the line that the message names; the other files are in the list "Not read"',
  },
  EBB_CLI_AUDIT_NO_LOCKFILE: {
    exitCode: 2,
    meaning: 'The folder given to `ebb audit` has no lock file, or is no folder.',
    next: 'give the folder that has it; `npm install --package-lock-only` makes one',
  },
  EBB_CLI_AUDIT_LOCKFILE: {
    exitCode: 2,
    meaning: 'The lock file given to `ebb audit` cannot be read: it is broken, or of a version that Ebb does not know.',
    next: 'the message has the reason; the package manager that wrote the file makes it anew',
  },
  EBB_CLI_SOAK_ROUTE: {
    exitCode: 2,
    meaning: 'A route or URL given to `ebb soak` cannot be read, or no route was named.',
    next: "name routes as `--route 'GET /path'` or `--route 'POST /path BODY'`, or give `--openapi FILE` or `--har FILE`",
  },
  EBB_CLI_SOAK_ROUTES: {
    exitCode: 2,
    meaning:
      'A file of routes does not exist, may not be read, or is no OpenAPI 3 document in JSON or YAML, or no HTTP Archive.',
    next: 'check its name; an OpenAPI document has `paths`, an HTTP Archive `log.entries`',
  },
  EBB_CLI_SOAK_BUDGET: {
    exitCode: 2,
    meaning: 'The budget cannot be read or written, or is none.',
    next: 'it is JSON: {"format":"ebb.budget/1","routes":{"GET /path":{"bytesPerRequest":0}}}; `--ratchet` writes one',
  },
  EBB_CLI_SOAK_NO_AGENT: {
    exitCode: 3,
    meaning: 'The process that answers the requests has no agent in it.',
    next: 'let COMMAND start Node.js itself, in the same container; a proxy or another runtime in between cannot be measured',
  },
  EBB_CLI_SOAK_NOT_LISTENING: {
    exitCode: 2,
    meaning: 'The service did not listen in time, or where was not found out.',
    next: 'say where it answers with --url, or give it more time with --start-limit',
  },
  EBB_CLI_SOAK_ENDED: {
    exitCode: 2,
    meaning: 'The service ended before all routes were measured, or the soak was called off.',
    next: 'look at what it printed; `ebb watch -- COMMAND` tells how it died',
  },
  EBB_CLI_SOAK_SEVERAL: {
    exitCode: 2,
    meaning:
      'Several processes or threads of the service answer requests, so that what one of them keeps cannot be told by requests.',
    next: 'start it with a single worker for the soak',
  },
  EBB_CLI_SOAK_ROUTE_FAILED: {
    exitCode: 2,
    meaning: 'A route answered all its first requests with an error of the server, or not at all.',
    next: "check method, path and body; the service's own log says why",
  },
  EBB_CLI_SOAK_NO_EVIDENCE: {
    exitCode: 3,
    meaning: "The service's process gave no floor or no snapshot.",
    next: 'the reason is in the message; free memory and room on the disk',
  },
  EBB_CLI_SERVER_ADDRESS: {
    exitCode: 2,
    meaning: 'What is given with --server, or in EBB_SERVER, is no http or https address.',
    next: 'give the address that `ebb up` prints, like http://127.0.0.1:4318',
  },
  EBB_CLI_SERVER_TOKEN: {
    exitCode: 2,
    meaning: 'The command speaks to a server, and there is no token, or none that can be used.',
    next: 'put a token of the server into EBB_TOKEN, or into a file and give --token-file; `ebb up` prints the first one',
  },
  EBB_CLI_SERVER_AWAY: {
    exitCode: 3,
    meaning: 'The server did not answer.',
    next: 'check that `ebb up` runs there, and the address in --server or EBB_SERVER',
  },
  EBB_CLI_SERVER_ANSWER: {
    exitCode: 3,
    meaning: 'What answers at the address of the server does not answer as an Ebb server does.',
    next: 'check the address in --server or EBB_SERVER; a proxy in between may have answered',
  },
  EBB_CLI_DEMO_MISSING: {
    exitCode: 2,
    meaning: 'The service that `ebb demo` plays with is not installed.',
    next: 'run it in a clone of the repository of Ebb, after npm ci',
  },
  EBB_CLI_ROLLBACK_SERVICE: {
    exitCode: 2,
    meaning: 'No running service of that name is known to the server, or several are.',
    next: 'give namespace/name/environment as the message lists them',
  },
  EBB_CLI_ROLLBACK_VERSION: {
    exitCode: 2,
    meaning: 'The version to go to was not given, and cannot be told.',
    next: 'give it with --to',
  },
  EBB_CLI_ACTION_FAILED: {
    exitCode: 3,
    meaning: 'An action that was ordered failed, was cancelled, or nobody knows how far it got.',
    next: "look at the service first; the incident's page has every step that was told",
  },
  EBB_CLI_BLAME_GIT: {
    exitCode: 3,
    meaning: 'The program git is not installed, could not be run, or took too long.',
    next: 'install git, and run it where the repository is',
  },
  EBB_CLI_BLAME_REPOSITORY: {
    exitCode: 2,
    meaning: 'The folder is in no git repository, or in one without a commit.',
    next: 'run it in a clone of the repository, or name one with --repo',
  },
  EBB_CLI_BLAME_REVISION: {
    exitCode: 2,
    meaning:
      'A revision that was named is not in the repository: it was pushed over, never fetched, or a version has no tag.',
    next: 'fetch it with `git fetch --all --tags`, or name another commit',
  },
  EBB_CLI_BLAME_PLACE: {
    exitCode: 2,
    meaning: "The culprit's file is outside of the repository, or was not there at the revision.",
    next: 'give its path in the repository, or another revision with --to',
  },
  EBB_CLI_BLAME_REPORT: {
    exitCode: 2,
    meaning: 'The report cannot be read, or no finding of it (or of the incident) has a place in the code.',
    next: 'give a report of `ebb watch --report` or `ebb analyze --json`, or the place itself: FILE:LINE',
  },
  EBB_CLI_TUNE_FAILING: {
    exitCode: 2,
    meaning: 'More than one in a hundred requests failed under load: what was measured would be the failing.',
    next: "check the routes, or give fewer --connections; the service's own log says why",
  },
  EBB_CLI_INTERNAL: {
    exitCode: 3,
    meaning: 'Ebb itself failed: a bug in Ebb.',
    next: 'please report it with the lines above',
  },
};
