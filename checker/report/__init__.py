"""Results as text, JSON and the formats of CI systems; knows results, never engines."""
