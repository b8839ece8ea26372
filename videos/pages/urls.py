"""The addresses of films for people."""

from django.urls import path

from videos.pages import film

urlpatterns = [
    path("v/<str:token>/", film.film, name="film"),
    path("v/<str:token>/file/", film.film_file, name="film-file"),
]
