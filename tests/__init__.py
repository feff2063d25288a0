"""Tests mirror the product; they drive HTTP or one public function, on real PostgreSQL and Redis."""
