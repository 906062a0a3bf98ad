/**
 * Plays the files that WAIHU_CONSOLE_FLOWS names (a list in JSON), one after another in one process and one browser. They share
 * what console.py made: each changes only what is its own, and what it makes for itself it makes when it first needs it.
 */
import { pathToFileURL } from 'node:url';

for (const flow of JSON.parse(process.env.WAIHU_CONSOLE_FLOWS)) await import(pathToFileURL(flow).href);
