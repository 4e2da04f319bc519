/** The folder of the rooms (`lib`), in the sources and where they are built. */
export declare const ROOMS: string;
