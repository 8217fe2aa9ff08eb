"""Keeps promises: applies what arrived, delivers what was published, keeps house."""
